// Slices that move towards the inputs: the same numbers from fewer rows, on small graphs that can be read, and at random.
import { describe, expect, it } from 'vitest';
import { stream } from '../base/rng.ts';
import { float32, sizeOf } from '../base/tensor.ts';
import { nodeRuntime } from '../runtime/node.ts';
import { exportGraph } from './export.ts';
import { Graph, reachable } from './graph.ts';
import { narrowed } from './narrow.ts';
import { attention } from './ops/attention.ts';
import { conv2d } from './ops/conv.ts';
import { add, gelu, greater, mul, scale, where } from './ops/elementwise.ts';
import { linear, matmul } from './ops/linear.ts';
import { layerNorm, softmax } from './ops/norm.ts';
import { mean } from './ops/reduce.ts';
import { concat, expand, reshape, slice, split, transpose } from './ops/shape.ts';
import type { Value } from './types.ts';

const [B, N, C, H] = [2, 40, 8, 2];

/** A graph with an input (B, N, C), and constants of any shape. */
function setting() {
  const graph = new Graph();
  const rng = stream(0, 'narrow');
  const x = graph.input('x', 'float32', [B, N, C]);
  const constant = (...shape: number[]): Value => {
    const data = Float32Array.from({ length: sizeOf(shape) }, () => rng.normal());
    return graph.constant(`c${graph.constants.size}`, { dtype: 'float32', shape }, float32(shape, data));
  };
  return { graph, x, constant };
}

const rowsOf = (x: Value) => reshape(x, [sizeOf(x.shape) / C, C]);

/** The sizes of what the nodes of one kind make, in their order. */
const sizes = (root: Value, op: string) =>
  reachable([root]).flatMap((node) => (node.op.name === op ? [node.outputs[0]!.shape] : []));

/** The value narrowed; checks first that it has the same numbers. */
async function checked(value: Value): Promise<Value> {
  const result = narrowed(value);
  expect(result.shape).toEqual(value.shape);
  const graph = value.graph as Graph;
  graph.output('whole', value);
  graph.output('narrow', result);
  const session = await nodeRuntime({ threads: 1 }).prepare(exportGraph(graph));
  const rng = stream(1, 'narrow');
  const input = float32(
    [B, N, C],
    Float32Array.from({ length: B * N * C }, () => rng.normal()),
  );
  const { whole, narrow } = await session.run({ x: input });
  await session.dispose();
  const [want, got] = [whole!.data as Float32Array, narrow!.data as Float32Array];
  const largest = Math.max(...want.map(Math.abs));
  expect(Math.max(...want.map((w, i) => Math.abs(w - got[i]!)))).toBeLessThan(2e-6 * largest);
  return result;
}

/** One pre-norm block with its residuals: (B, N, C) -> (B, N, C). */
function block(x: Value, constant: (...shape: number[]) => Value): Value {
  const heads = (rows: Value) => transpose(reshape(rows, [B, x.shape[1]!, H, C / H]), [0, 2, 1, 3]);
  const u = layerNorm(rowsOf(x), constant(C), constant(C), 1e-6);
  const [q, k, v] = [0, 1, 2].map(() => heads(linear(u, constant(C, C), constant(C))));
  const mixed = rowsOf(transpose(attention(q!, k!, v!, 0.5), [0, 2, 1, 3]));
  const y = add(rowsOf(x), linear(mixed, constant(C, C), constant(C)));
  const hidden = gelu(linear(layerNorm(y, constant(C), constant(C), 1e-6), constant(4 * C, C), constant(4 * C)));
  return reshape(add(y, linear(hidden, constant(C, 4 * C))), x.shape);
}

describe('rows that nobody reads', () => {
  it('are not computed in the last block, but for keys and values', async () => {
    const { x, constant } = setting();
    const tokens = block(block(x, constant), constant);
    const root = await checked(linear(reshape(slice(tokens, 1, 0, 1), [B, C]), constant(3, C)));
    const rows = sizes(root, 'gemm').map(([m]) => m);
    expect(rows.toSorted((a, b) => a! - b!)).toEqual([B, B, B, B, B, ...Array(8).fill(B * N)]); // head, q, proj, MLP
    expect(sizes(root, 'attention')).toEqual([
      [B, H, N, C / H],
      [B, H, 1, C / H],
    ]);
  });

  it('are not computed between blocks that drop them', async () => {
    const { x, constant } = setting();
    const prompts = expand(constant(1, 8, C), [B, 8, C]);
    const tokens = slice(block(concat([x, prompts], 1), constant), 1, 0, N);
    const root = await checked(mean(tokens, [1], false));
    expect(sizes(root, 'gemm').map(([m]) => m! / B)).toEqual([N + 8, N + 8, N, N, N, N]);
  });

  it('are taken from several places', async () => {
    const { x, constant } = setting();
    const y = reshape(linear(rowsOf(x), constant(C, C)), [B, N, C]);
    const root = await checked(concat([slice(y, 1, 0, 2), slice(y, 1, 20, 24), slice(y, 1, 1, 3)], 1));
    expect(sizes(root, 'gemm')).toEqual([[B * 7, C]]);
  });

  it('are taken from rows that are cut into pieces, and joined again', async () => {
    const { x, constant } = setting();
    const pieces = linear(reshape(x, [B * N * 4, C / 4]), constant(3, C / 4)); // (B N 4, 3)
    const joined = linear(reshape(pieces, [B * N, 12]), constant(C, 12));
    const root = await checked(slice(reshape(joined, [B, N, C]), 1, 2, 5));
    expect(sizes(root, 'gemm').map(([m]) => m)).toEqual([B * 3 * 4, B * 3]);
    const pairs = setting();
    const wide = linear(reshape(pairs.x, [(B * N) / 2, 2 * C]), pairs.constant(2 * C, 2 * C)); // two tokens a row
    const two = await checked(slice(reshape(wide, [B, N, C]), 1, 4, 8));
    expect(sizes(two, 'gemm').map(([m]) => m)).toEqual([B * 2]);
    const split = setting();
    const odd = linear(reshape(split.x, [(B * N) / 2, 2 * C]), split.constant(2 * C, 2 * C));
    const whole = await checked(slice(reshape(odd, [B, N, C]), 1, 3, 8)); // begins within a row
    expect(sizes(whole, 'gemm').map(([m]) => m)).toEqual([(B * N) / 2]);
  });

  it('are taken along the axes that a stack of products has', async () => {
    const { x, constant } = setting();
    const each = matmul(reshape(x, [B, N, 2, C / 2]), constant(C / 2, 3)); // (B, N, 2, 3)
    const root = await checked(slice(each, 1, 0, 1));
    expect(sizes(root, 'matmul')).toEqual([[B, 1, 2, 3]]);
  });

  it('are dropped with the parts that a concatenation makes for them', async () => {
    const { x, constant } = setting();
    const image = transpose(reshape(slice(x, 1, 4, N), [B, 6, 6, C]), [0, 3, 1, 2]);
    const convolved = reshape(transpose(conv2d(image, constant(C, C, 3, 3), 1), [0, 2, 3, 1]), [B, 36, C]);
    const root = await checked(slice(concat([scale(slice(x, 1, 0, 4), 2), convolved], 1), 1, 0, 1));
    expect(sizes(root, 'conv2d')).toEqual([]);
    expect(sizes(root, 'mul')).toEqual([[B, 1, C]]);
  });

  it('are computed where an operator mixes them', async () => {
    const { x, constant } = setting();
    const mixing = matmul(constant(N, N), gelu(x)); // (N, N) (B, N, C): every row from all
    const root = await checked(slice(mixing, 1, 0, 1));
    expect(sizes(root, 'gelu')).toEqual([[B, N, C]]);
    expect(sizes(root, 'matmul')).toEqual([[B, 1, C]]); // and the factor's other rows are not
  });

  it('are computed where a row is a part of a norm', async () => {
    const { x } = setting();
    const probabilities = softmax(transpose(scale(x, 3), [0, 2, 1])); // over the tokens
    const root = await checked(slice(probabilities, 2, 0, 1));
    expect(sizes(root, 'softmax')).toEqual([[B, C, N]]);
  });

  it('stay where nearly all are read', async () => {
    const { x, constant } = setting();
    const root = slice(reshape(linear(rowsOf(x), constant(C, C)), [B, N, C]), 1, 1, N);
    expect(narrowed(root)).toBe(root); // a copy of 39 of 40 rows, once
  });

  it('follow masks, parts and scalars', async () => {
    const { x, constant } = setting();
    const [left, right] = split(mul(x, constant(C)), 2, [C / 2, C / 2]);
    const halves = concat([gelu(left!), scale(right!, 2)], 2);
    const masked = where(greater(x, constant(1, C)), halves, add(halves, constant(N, 1)));
    const root = await checked(slice(masked, 1, 5, 9));
    for (const kind of ['gelu', 'where', 'add']) expect(sizes(root, kind).map(([, n]) => n)).toEqual([4]);
  });
});
