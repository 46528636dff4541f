import { expect, it } from 'vitest';
import { gradients } from './grad.ts';
import { Graph } from './graph.ts';
import { gelu } from './ops/elementwise.ts';
import { linear } from './ops/linear.ts';
import { crossEntropy } from './ops/loss.ts';
import { mean } from './ops/reduce.ts';
import { printGraph } from './print.ts';

it('prints a forward and backward pass, one node a line', () => {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [4, 3]);
  const w = graph.input('w', 'float32', [2, 3]);
  const labels = graph.input('labels', 'int64', [4]);
  const loss = mean(crossEntropy(gelu(linear(x, w)), labels), [0], false);
  graph.output('loss', loss);
  graph.output('gradient', gradients(loss, [w])[0]!);
  expect(printGraph(graph)).toMatchInlineSnapshot(`
    "input x f32[4, 3]
    input w f32[2, 3]
    input labels i64[4]
    %0 f32[4, 2] = gemm(x, w) {transA: false, transB: true, alpha: 1}
    %1 f32[4, 2] = gelu(%0)
    %2 f32[4, 2] = logSoftmax(%1)
    %3 f32[4, 2] = oneHot(labels) {depth: 2}
    %4 f32[4, 2] = mul(%2, %3)
    %5 f32[4] = sum(%4) {axes: [1], keep: false}
    %6 f32[4] = neg(%5)
    %7 f32[] = mean(%6) {axes: [0], keep: false}
    %8 f32[] = mul(float32[]{1}, float32[]{0.25})
    %9 f32[1] = reshape(%8) {shape: [1]}
    %10 f32[4] = expand(%9) {shape: [4]}
    %11 f32[4] = neg(%10)
    %12 f32[4, 1] = reshape(%11) {shape: [4,1]}
    %13 f32[4, 2] = expand(%12) {shape: [4,2]}
    %14 f32[4, 2] = mul(%13, %3)
    %15 f32[4, 2] = exp(%2)
    %16 f32[4, 1] = sum(%14) {axes: [1], keep: true}
    %17 f32[4, 2] = mul(%15, %16)
    %18 f32[4, 2] = sub(%14, %17)
    %19 f32[4, 2] = mul(%0, float32[]{0.7071067690849304})
    %20 f32[4, 2] = erf(%19)
    %21 f32[4, 2] = add(%20, float32[]{1})
    %22 f32[4, 2] = mul(%21, float32[]{0.5})
    %23 f32[4, 2] = mul(%0, %0)
    %24 f32[4, 2] = mul(%23, float32[]{-0.5})
    %25 f32[4, 2] = exp(%24)
    %26 f32[4, 2] = mul(%25, float32[]{0.3989422917366028})
    %27 f32[4, 2] = mul(%0, %26)
    %28 f32[4, 2] = add(%22, %27)
    %29 f32[4, 2] = mul(%18, %28)
    %30 f32[2, 3] = gemm(%29, x) {transA: true, transB: false, alpha: 1}
    output loss = %7
    output gradient = %30"
  `);
});
