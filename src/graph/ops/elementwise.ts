// Element-wise operators with NumPy broadcasting. Gradients are given in the broadcast shape; grad.ts sums them back.
import { InternalError } from '../../base/errors.ts';
import { type DType, float32, showShape } from '../../base/tensor.ts';
import { type BoundOp, broadcastShapes, defineOp, emitAs } from '../op.ts';
import type { TensorType, Value, Vjp } from '../types.ts';

type None = Record<never, never>;
type Binary = (a: Value, b: Value) => Value;
type Unary = (x: Value) => Value;

function binaryOp(name: string, onnx: string, vjp: Vjp<None> | 'none', result?: DType): BoundOp<None> {
  return defineOp<None>({
    name,
    infer: ([a, b]) => {
      if (a!.dtype !== b!.dtype) throw new InternalError(`${name}: mixes ${a!.dtype} and ${b!.dtype}`);
      return [{ dtype: result ?? a!.dtype, shape: broadcastShapes(name, a!.shape, b!.shape) }];
    },
    emit: emitAs(onnx),
    vjp,
  });
}

function unaryOp(name: string, onnx: string, vjp: Vjp<None> | 'none'): BoundOp<None> {
  return defineOp<None>({ name, infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }], emit: emitAs(onnx), vjp });
}

/** A float32 scalar beside `x`'s values. */
export function scalar(x: Value, value: number): Value {
  return x.graph.literal(float32([], [value]));
}

// Ops whose gradients use themselves need their types written out (TS7022).
export const addOp: BoundOp<None> = binaryOp('add', 'Add', ({ grads: [g] }) => [g, g]);
export const subOp: BoundOp<None> = binaryOp('sub', 'Sub', ({ grads: [g], needs }) => [
  g,
  needs[1] ? neg(g!) : undefined,
]);
export const mulOp: BoundOp<None> = binaryOp('mul', 'Mul', ({ inputs: [a, b], grads: [g], needs }) => [
  needs[0] ? mul(g!, b!) : undefined,
  needs[1] ? mul(g!, a!) : undefined,
]);
export const divOp: BoundOp<None> = binaryOp('div', 'Div', ({ inputs: [, b], outputs: [y], grads: [g], needs }) => [
  needs[0] ? div(g!, b!) : undefined,
  needs[1] ? neg(div(mul(g!, y!), b!)) : undefined, // d(a/b)/db = -(a/b)/b
]);
export const greaterOp: BoundOp<None> = binaryOp('greater', 'Greater', 'none', 'bool');

export const negOp: BoundOp<None> = unaryOp('neg', 'Neg', ({ grads: [g] }) => [neg(g!)]);
export const expOp: BoundOp<None> = unaryOp('exp', 'Exp', ({ outputs: [y], grads: [g] }) => [mul(g!, y!)]);
export const logOp: BoundOp<None> = unaryOp('log', 'Log', ({ inputs: [x], grads: [g] }) => [div(g!, x!)]);
export const sqrtOp: BoundOp<None> = unaryOp('sqrt', 'Sqrt', ({ outputs: [y], grads: [g] }) => [
  div(mul(g!, scalar(g!, 0.5)), y!),
]);
export const erfOp: BoundOp<None> = unaryOp('erf', 'Erf', ({ inputs: [x], grads: [g] }) => [
  mul(g!, mul(exp(neg(mul(x!, x!))), scalar(g!, 2 / Math.sqrt(Math.PI)))),
]);
export const tanhOp: BoundOp<None> = unaryOp('tanh', 'Tanh', ({ outputs: [y], grads: [g] }) => [
  mul(g!, sub(scalar(g!, 1), mul(y!, y!))),
]);
export const sigmoidOp: BoundOp<None> = unaryOp('sigmoid', 'Sigmoid', ({ outputs: [y], grads: [g] }) => [
  mul(g!, mul(y!, sub(scalar(g!, 1), y!))),
]);
/** The gradient at 0 is 0, as torch's. */
export const reluOp: BoundOp<None> = unaryOp('relu', 'Relu', ({ inputs: [x], grads: [g] }) => [
  mul(g!, cast(greater(x!, scalar(x!, 0)), 'float32')),
]);
/** The gradient at 0 is 0, as torch's. */
export const absOp: BoundOp<None> = unaryOp('abs', 'Abs', ({ inputs: [x], grads: [g] }) => [mul(g!, sign(x!))]);
/** Constant almost everywhere: no gradient passes. */
export const signOp: BoundOp<None> = unaryOp('sign', 'Sign', 'none');

/** Exact GELU, x Phi(x) with Phi by erf (Hendrycks & Gimpel 2016). */
export const geluOp: BoundOp<None> = defineOp<None>({
  name: 'gelu',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }) => [{ opType: 'Gelu', inputs, outputs }],
  // Phi(x) + x phi(x)
  vjp: ({ inputs: [x], grads: [g] }) => {
    const cdf = mul(add(erf(mul(x!, scalar(x!, Math.SQRT1_2))), scalar(x!, 1)), scalar(x!, 0.5));
    const pdf = mul(exp(mul(mul(x!, x!), scalar(x!, -0.5))), scalar(x!, 1 / Math.sqrt(2 * Math.PI)));
    return [mul(g!, add(cdf, mul(x!, pdf)))];
  },
});

/** The same values; no gradient passes. */
export const detachOp: BoundOp<None> = unaryOp('detach', 'Identity', 'none');

const onnxType: Partial<Record<DType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

export const castOp: BoundOp<{ to: DType }> = defineOp<{ to: DType }>({
  name: 'cast',
  infer: ([x], { to }) => [{ dtype: to, shape: x!.shape }],
  emit: ({ inputs, outputs, attributes }) => [
    { opType: 'Cast', inputs, outputs, ints: { to: onnxType[attributes.to]! } },
  ],
  vjp: 'none', // only integers, booleans and frozen half-precision weights are ever cast
});

/** condition ? a : b, all three broadcast. */
export const whereOp: BoundOp<None> = defineOp<None>({
  name: 'where',
  infer: ([c, a, b]): TensorType[] => {
    if (c!.dtype !== 'bool')
      throw new InternalError(`where: its condition is ${c!.dtype} ${showShape(c!.shape)}, not bool`);
    return [
      { dtype: a!.dtype, shape: broadcastShapes('where', c!.shape, broadcastShapes('where', a!.shape, b!.shape)) },
    ];
  },
  emit: emitAs('Where'),
  vjp: ({ inputs: [c], grads: [g], needs }) => [
    undefined,
    needs[1] ? where(c!, g!, scalar(g!, 0)) : undefined,
    needs[2] ? where(c!, scalar(g!, 0), g!) : undefined,
  ],
});

export const add: Binary = (a, b) => addOp.one([a, b], {});
export const sub: Binary = (a, b) => subOp.one([a, b], {});
export const mul: Binary = (a, b) => mulOp.one([a, b], {});
export const div: Binary = (a, b) => divOp.one([a, b], {});
export const greater: Binary = (a, b) => greaterOp.one([a, b], {});
export const neg: Unary = (x) => negOp.one([x], {});
export const exp: Unary = (x) => expOp.one([x], {});
export const log: Unary = (x) => logOp.one([x], {});
export const sqrt: Unary = (x) => sqrtOp.one([x], {});
export const erf: Unary = (x) => erfOp.one([x], {});
export const tanh: Unary = (x) => tanhOp.one([x], {});
export const sigmoid: Unary = (x) => sigmoidOp.one([x], {});
export const relu: Unary = (x) => reluOp.one([x], {});
export const abs: Unary = (x) => absOp.one([x], {});
export const sign: Unary = (x) => signOp.one([x], {});
export const gelu: Unary = (x) => geluOp.one([x], {});
export const detach: Unary = (x) => detachOp.one([x], {});
export const cast = (x: Value, to: DType): Value => (x.dtype === to ? x : castOp.one([x], { to }));
export const where = (condition: Value, a: Value, b: Value): Value => whereOp.one([condition, a, b], {});

/** x times a number. */
export const scale = (x: Value, factor: number): Value => (factor === 1 ? x : mul(x, scalar(x, factor)));
/** x sigmoid(1.702 x): CLIP's activation. */
export const quickGelu: Unary = (x) => mul(x, sigmoid(scale(x, 1.702)));
/** x sigmoid(x): the gate of SwiGLU. */
export const silu: Unary = (x) => mul(x, sigmoid(x));
/** GELU with Phi approximated by tanh (Hendrycks & Gimpel 2016): SigLIP's activation. */
export const geluTanh: Unary = (x) => {
  const inner = scale(add(x, scale(mul(mul(x, x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return mul(scale(x, 0.5), add(tanh(inner), scalar(x, 1)));
};
