// Matrix products: `gemm` for two matrices (with bias), `matmul` for stacks of them.
import { InternalError } from '../../base/errors.ts';
import { type Shape, showShape, sizeOf } from '../../base/tensor.ts';
import { type BoundOp, broadcastShapes, defineOp } from '../op.ts';
import type { TensorType, Value, Work } from '../types.ts';
import { reshape, transpose } from './shape.ts';

type Product = {
  readonly transA: boolean;
  readonly transB: boolean;
  readonly alpha: number;
};

/** Rows, inner size and columns of op(A) op(B). Throws InternalError where the inner sizes differ. */
function dimensions(name: string, a: TensorType, b: TensorType, { transA, transB }: Product) {
  const [ar, ac] = a.shape.slice(-2) as [number, number];
  const [br, bc] = b.shape.slice(-2) as [number, number];
  const [m, inner] = transA ? [ac, ar] : [ar, ac];
  const [innerB, n] = transB ? [bc, br] : [br, bc];
  if (inner !== innerB)
    throw new InternalError(
      `${name}: ${showShape(a.shape)}${transA ? '^T' : ''} times ${showShape(b.shape)}${transB ? '^T' : ''} don't fit`,
    );
  return { m, n };
}

/** Gradients of y = alpha op(A) op(B), written with the product itself and its own transposes. */
function productGradients(
  product: (a: Value, b: Value, options: Partial<Product>) => Value,
  [a, b]: readonly Value[],
  { transA, transB, alpha }: Product,
  g: Value,
  needs: readonly boolean[],
): (Value | undefined)[] {
  return [
    needs[0]
      ? transA
        ? product(b!, g, { transA: transB, transB: true, alpha })
        : product(g, b!, { transB: !transB, alpha })
      : undefined,
    needs[1]
      ? transB
        ? product(g, a!, { transA: true, transB: transA, alpha })
        : product(a!, g, { transA: !transA, alpha })
      : undefined,
  ];
}

/** Two operations for each pair that is multiplied: the elements of the product times the inner size. */
const productWork: Work<Product> = ([a], [y], { transA }) => 2 * sizeOf(y!.shape) * a!.shape.at(transA ? -2 : -1)!;

/** alpha op(A) op(B) (+ bias): A (M, K), B (K, N), bias broadcast over rows. */
export const gemmOp: BoundOp<Product> = defineOp<Product>({
  name: 'gemm',
  infer: ([a, b, bias], attributes) => {
    if (a!.shape.length !== 2 || b!.shape.length !== 2)
      throw new InternalError(`gemm: takes matrices, got ${showShape(a!.shape)} and ${showShape(b!.shape)}`);
    const { m, n } = dimensions('gemm', a!, b!, attributes);
    if (bias) broadcastShapes('gemm', [m, n], bias.shape);
    return [{ dtype: a!.dtype, shape: [m, n] }];
  },
  emit: ({ inputs, outputs, attributes: { transA, transB, alpha } }) => [
    { opType: 'Gemm', inputs, outputs, ints: { transA: Number(transA), transB: Number(transB) }, floats: { alpha } },
  ],
  vjp: ({ inputs, attributes, grads: [g], needs }) => [
    ...productGradients(gemmWithoutBias, inputs, attributes, g!, needs),
    ...(inputs.length === 3 ? [needs[2] ? g : undefined] : []),
  ],
  work: productWork,
});

/** alpha op(A) op(B) over the last two axes, leading axes broadcast. */
export const matmulOp: BoundOp<Product> = defineOp<Product>({
  name: 'matmul',
  infer: ([a, b], attributes) => {
    if (a!.shape.length < 2 || b!.shape.length < 2)
      throw new InternalError(`matmul: takes at least matrices, got ${showShape(a!.shape)} and ${showShape(b!.shape)}`);
    const { m, n } = dimensions('matmul', a!, b!, attributes);
    const batch: Shape = broadcastShapes('matmul', a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    return [{ dtype: a!.dtype, shape: [...batch, m, n] }];
  },
  emit: ({ inputs, outputs, attributes: { transA, transB, alpha } }) =>
    !transA && !transB && alpha === 1
      ? [{ opType: 'MatMul', inputs, outputs }]
      : [
          {
            opType: 'FusedMatMul',
            domain: 'com.microsoft',
            inputs,
            outputs,
            ints: { transA: Number(transA), transB: Number(transB) },
            floats: { alpha },
          },
        ],
  vjp: ({ inputs, attributes, grads: [g], needs }) => productGradients(matmul, inputs, attributes, g!, needs),
  work: productWork,
});

const complete = ({ transA = false, transB = false, alpha = 1 }: Partial<Product>): Product => ({
  transA,
  transB,
  alpha,
});

/** Elements of A from which on it is worth being transposed by itself. */
const largeA = 2 ** 17;

/**
 * ONNX Runtime's product with a transposed A copies all of A's columns anew for every panel of B: transposing a large A once
 * is faster (docs/performance.md). Over three axes, or ONNX Runtime would fold it into the product again.
 */
function transposed(a: Value): Value {
  const [rows, columns] = a.shape as [number, number];
  return reshape(transpose(reshape(a, [1, rows, columns]), [0, 2, 1]), [columns, rows]);
}

function gemmWithoutBias(a: Value, b: Value, options: Partial<Product>): Value {
  return options.transA && sizeOf(a.shape) >= largeA
    ? gemmOp.one([transposed(a), b], { ...complete(options), transA: false })
    : gemmOp.one([a, b], complete(options));
}
export const gemm = (
  a: Value,
  b: Value,
  options: Partial<Product> & { readonly bias?: Value | undefined } = {},
): Value => gemmOp.one(options.bias ? [a, b, options.bias] : [a, b], complete(options));
export const matmul = (a: Value, b: Value, options: Partial<Product> = {}): Value =>
  matmulOp.one([a, b], complete(options));

/** y = x W^T + b with W (out, in), PyTorch's layout. x: (M, in) -> (M, out). */
export const linear = (x: Value, weight: Value, bias?: Value): Value => gemm(x, weight, { transB: true, bias });
