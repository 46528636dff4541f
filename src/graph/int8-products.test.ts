// Products with frozen matrices in whole numbers: how near they are, forward and backward, and what stays as it is.
import { expect, it } from 'vitest';
import { stream } from '../base/rng.ts';
import { float32, sizeOf, type Tensor } from '../base/tensor.ts';
import { onnx } from '../formats/onnx/proto.ts';
import { nodeRuntime } from '../runtime/node.ts';
import { exportGraph, type GraphModel } from './export.ts';
import { gradients } from './grad.ts';
import { Graph } from './graph.ts';
import { int8Products, int8Weight } from './int8-products.ts';
import { add, cast, mul } from './ops/elementwise.ts';
import { linear } from './ops/linear.ts';
import { sum } from './ops/reduce.ts';
import { stored } from './quantize.ts';
import type { Value } from './types.ts';

const runtime = nodeRuntime({ threads: 1 });
const [rows, into, out] = [6, 32, 24];

function drawn(name: string, shape: readonly number[]): Tensor<'float32'> {
  const rng = stream(0, name);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
  );
}

const weights = { w: drawn('w', [out, into]), u: drawn('u', [out, into]) };
const bias = drawn('b', [out]);

/** Only `w` is frozen in whole numbers. */
const quantizer = () =>
  int8Products((name) => {
    if (name !== 'w') return undefined;
    const { forward, backward } = int8Weight(weights.w);
    const pair = ({ values, scales }: typeof forward) => ({ values: stored(values), scales: stored(scales) });
    return { forward: pair(forward), backward: pair(backward) };
  });

/** The outputs of what `build` writes, in float32 and in whole numbers. */
async function both(x: Tensor<'float32'>, build: (graph: Graph, x: Value) => void) {
  const run = async (model: GraphModel) => {
    const session = await runtime.prepare(model);
    const outputs = await session.run({ x });
    await session.dispose();
    return { model, of: (name: string) => outputs[name]!.data as Float32Array };
  };
  const written = (options: Parameters<typeof exportGraph>[1]) => {
    const graph = new Graph();
    build(graph, graph.input('x', 'float32', x.shape));
    return exportGraph(graph, options);
  };
  return { fp32: await run(written({})), int8: await run(written({ quantize: quantizer() })) };
}

const constant = (graph: Graph, name: keyof typeof weights) => graph.constant(name, weights[name], weights[name]);
const product = (graph: Graph, x: Value) => linear(x, constant(graph, 'w'), graph.constant('b', bias, bias));

/** Half a step of each factor, times the largest of the other, times the inner size. */
function worstError(x: Float32Array, inner: number, weight: Float32Array): number {
  const largest = (values: Float32Array) => values.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
  return inner * largest(x) * largest(weight) * (1 / 127);
}

it('are near the plain ones, both ways', async () => {
  const { fp32, int8 } = await both(drawn('x', [rows, into]), (graph, x) => {
    const y = product(graph, x);
    const loss = sum(mul(y, graph.constant('g', drawn('g', [rows, out]), drawn('g', [rows, out]))), [0, 1], false);
    graph.output('y', y);
    graph.output('dx', gradients(loss, [x])[0]!);
  });
  for (const [name, inner] of [
    ['y', into],
    ['dx', out],
  ] as const) {
    const difference = fp32.of(name).map((value, i) => Math.abs(value - int8.of(name)[i]!));
    const size = Math.sqrt(fp32.of(name).reduce((n, v) => n + v * v, 0));
    expect(Math.sqrt(difference.reduce((n, v) => n + v * v, 0)) / size, name).toBeLessThan(0.02);
    expect(Math.max(...difference)).toBeLessThan(worstError(fp32.of(name), inner, weights.w.data));
    expect(Math.max(...difference)).toBeGreaterThan(0); // it is another computation
  }
});

it('give every row the same, whatever the others are', async () => {
  const x = drawn('x', [rows, into]);
  const wild = float32(
    x.shape,
    x.data.map((value, i) => (i < into ? value : 1e6 * value)),
  );
  const build = (graph: Graph, input: Value) => graph.output('y', product(graph, input));
  const [calm, other] = [await both(x, build), await both(wild, build)];
  expect(other.int8.of('y').subarray(0, out)).toEqual(calm.int8.of('y').subarray(0, out));
});

it('of a row of zeros are the bias, and a row that is not finite stays so', async () => {
  const x = drawn('x', [rows, into]);
  x.data.fill(0, 0, into);
  x.data.fill(Number.NaN, into, 2 * into);
  const { int8 } = await both(x, (graph, input) => graph.output('y', product(graph, input)));
  expect(int8.of('y').subarray(0, out)).toEqual(bias.data);
  expect(
    int8
      .of('y')
      .subarray(out, 2 * out)
      .every(Number.isNaN),
  ).toBe(true);
  expect(
    int8
      .of('y')
      .subarray(2 * out)
      .every(Number.isFinite),
  ).toBe(true);
});

it('round their input once, leave other weights alone, and keep what is read as it is', async () => {
  const { int8 } = await both(drawn('x', [rows, into]), (graph, x) => {
    const w = constant(graph, 'w');
    graph.output('y', add(add(linear(x, w), product(graph, x)), linear(x, constant(graph, 'u'))));
    graph.output('norm', sum(mul(w, w), [0, 1], false));
  });
  const { node, initializer } = onnx.ModelProto.decode(int8.model.bytes).graph!;
  const count = (kind: string) => node!.filter(({ opType }) => opType === kind).length;
  expect([count('QuantizeLinear'), count('MatMulIntegerToFloat'), count('Gemm')]).toEqual([1, 2, 1]);
  expect(initializer!.map(({ name }) => name)).toEqual(expect.arrayContaining(['w', 'w.forward.values', 'u']));
  expect(initializer!.map(({ name }) => name)).not.toContain('w.backward.values');
});

it('leave out a weight that nothing else reads, also one in half precision', () => {
  const graph = new Graph();
  const half: Tensor<'float16'> = { dtype: 'float16', shape: [out, into], data: new Uint16Array(out * into) };
  const w = graph.constant('w', half, half);
  graph.output('y', linear(graph.input('x', 'float32', [rows, into]), cast(w, 'float32')));
  const { node, initializer } = onnx.ModelProto.decode(exportGraph(graph, { quantize: quantizer() }).bytes).graph!;
  expect(initializer!.map(({ name }) => name)).not.toContain('w');
  expect(node!.map(({ opType }) => opType)).not.toContain('Cast');
});
