// Cuts of small graphs whose best place can be worked out by hand, and minimum cuts against trying all.
import { describe, expect, it } from 'vitest';
import { stream } from '../base/rng.ts';
import { cheapestCut } from './cut.ts';
import { aboveCut, belowCut } from './cut-in-two.ts';
import { flowNetwork } from './flow.ts';
import { Graph } from './graph.ts';
import { anyBatch as B } from './open-batch.ts';
import { add, mul } from './ops/elementwise.ts';
import { linear } from './ops/linear.ts';
import { sum } from './ops/reduce.ts';
import { reshape, transpose } from './ops/shape.ts';
import { printGraph } from './print.ts';

/** Bytes (B, 64) -> fc (B, 32) -> sum (B, 1) -> x trained weight. */
function network() {
  const graph = new Graph();
  const pictures = graph.input('pictures', 'float32', [B, 64]);
  const weight = graph.input('weight', 'float32', [1, 1]);
  const frozen = graph.constant(
    'w',
    { dtype: 'float32', shape: [32, 64] },
    { dtype: 'float32', shape: [32, 64], data: new Float32Array(32 * 64) },
  );
  const hidden = linear(pictures, frozen);
  const feature = sum(hidden, [1]);
  return { graph, pictures, hidden, feature, weight, y: mul(feature, weight) };
}

describe('a cut', () => {
  it('lies where little has to be kept', () => {
    const { pictures, feature, y } = network();
    const cut = cheapestCut([y], pictures)!;
    expect(cut.kept).toEqual([feature]);
    expect([cut.width, cut.widest]).toEqual([1, 1]);
    expect(cut.saved).toBeGreaterThan(0.95);
  });

  it('lies below what noise changes', () => {
    const { graph, pictures, hidden, weight } = network();
    const noise = graph.input('noise', 'float32', [B, 32]);
    const cut = cheapestCut([mul(sum(mul(hidden, noise), [1]), weight)], pictures)!;
    expect(cut.kept).toEqual([hidden]);
  });

  it('keeps one value where two are made of it for nothing', () => {
    const { pictures, hidden, weight } = network();
    const [a, b] = [reshape(hidden, [B, 4, 8]), reshape(hidden, [B, 8, 4])];
    const cut = cheapestCut([add(mul(a, weight), transpose(mul(b, weight), [0, 2, 1]))], pictures)!;
    expect(cut.kept).toEqual([hidden]);
  });

  it('is not made where pictures are no longer the first axis', () => {
    const { pictures, hidden, weight } = network();
    const cut = cheapestCut([mul(sum(transpose(hidden, [1, 0]), [0]), weight)], pictures)!;
    expect(cut.kept).toEqual([hidden]);
  });

  it('is not made where the pictures are cheapest to keep, or all is trained', () => {
    const graph = new Graph();
    const pictures = graph.input('pictures', 'float32', [B, 4]);
    const weight = graph.input('weight', 'float32', [1, 1]);
    const wide = mul(
      reshape(pictures, [B, 4, 1]),
      graph.literal({ dtype: 'float32', shape: [100], data: new Float32Array(100) }),
    );
    expect(cheapestCut([mul(wide, weight)], pictures)).toBeUndefined();
    expect(cheapestCut([mul(pictures, weight)], pictures)).toBeUndefined();
  });

  it('gives two graphs for any number of pictures', () => {
    const { pictures, y } = network();
    const cut = cheapestCut([y], pictures)!;
    expect(printGraph(belowCut(cut, 3))).toMatchInlineSnapshot(`
      "input pictures f32[3, 64]
      %0 f32[3, 32] = gemm(pictures, w) {transA: false, transB: true, alpha: 1}
      %1 f32[3, 1] = sum(%0) {axes: [1], keep: true}
      output features = %1"
    `);
    const { graph, roots } = aboveCut(cut, [y], 2);
    graph.output('y', roots[0]!);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "input features f32[2, 1]
      input weight f32[1, 1]
      %0 f32[2, 1] = mul(features, weight)
      output y = %0"
    `);
  });
});

it('a minimum cut is the least of all, and of those the closest to the sink', () => {
  for (let round = 0; round < 200; round++) {
    const rng = stream(0, 'flow', round);
    const n = 6;
    const edges = Array.from({ length: 14 }, () => [rng.below(n), rng.below(n), rng.below(5)] as const);
    const flow = flowNetwork(n, 0, 1);
    for (const edge of edges) flow.edge(...edge);
    const side = flow.sinkSide();
    const capacityOf = (isAbove: (v: number) => boolean) =>
      edges.reduce((sum, [a, b, c]) => sum + (!isAbove(a) && isAbove(b) ? c : 0), 0);
    const all = Array.from(
      { length: 2 ** (n - 2) },
      (_, bits) => (v: number) => v === 1 || (v > 1 && ((bits >> (v - 2)) & 1) === 1),
    );
    const least = Math.min(...all.map(capacityOf));
    const best = all.filter((isAbove) => capacityOf(isAbove) === least);
    expect(capacityOf((v) => side[v]!)).toBe(least);
    const above = (isAbove: (v: number) => boolean) => Array.from({ length: n }, (_, v) => v).filter(isAbove).length;
    expect(above((v) => side[v]!)).toBe(Math.min(...best.map(above)));
  }
});
