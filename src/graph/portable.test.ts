// Graphs for other runtimes: products with every transpose and factor in ONNX's own operators, and shapes with an open axis.
import { expect, it } from 'vitest';
import { float32, type Tensor } from '../base/tensor.ts';
import { onnx } from '../formats/onnx/proto.ts';
import { nodeRuntime } from '../runtime/node.ts';
import { exportGraph } from './export.ts';
import { Graph } from './graph.ts';
import { anyBatch } from './open-batch.ts';
import { matmul } from './ops/linear.ts';
import { layerNorm } from './ops/norm.ts';
import { concat, expand, reshape, transpose } from './ops/shape.ts';
import { quantizeWeight } from './quantize-inference.ts';

const counting = (shape: readonly number[]): Tensor<'float32'> =>
  float32(
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => ((7 * i) % 11) - 5),
  );

/** Outputs of what `build` writes, for `count` pictures: as a graph of that size, and as one with an open axis. */
async function both(count: number, build: (graph: Graph, batch: number) => void) {
  const run = async (batch: number, portable: boolean) => {
    const graph = new Graph();
    build(graph, batch);
    const model = exportGraph(graph, { portable });
    const session = await nodeRuntime({ threads: 1 }).prepare(model);
    const outputs = await session.run({ x: counting([count, 2, 3]) });
    await session.dispose();
    return { outputs, model };
  };
  return { fixed: await run(count, false), open: await run(anyBatch, true) };
}

it.each([1, 2, 7])('gives what the graph of %i pictures gives', async (count) => {
  const { fixed, open } = await both(count, (graph, batch) => {
    const x = graph.input('x', 'float32', [batch, 2, 3]);
    const constant = (name: string, shape: readonly number[]) =>
      graph.constant(`c.${name}`, { dtype: 'float32', shape }, counting(shape));
    graph.output('a', matmul(x, constant('a', [2, 4]), { transA: true, alpha: 0.5 }));
    graph.output('b', matmul(x, constant('b', [4, 3]), { transB: true }));
    graph.output('ab', matmul(x, constant('ab', [4, 2]), { transA: true, transB: true, alpha: 3 }));
    const rows = reshape(x, [batch * 2, 3]);
    graph.output('norm', layerNorm(rows, constant('gamma', [3]), constant('beta', [3]), 1e-6));
    const token = expand(constant('token', [1, 1, 3]), [batch, 1, 3]);
    const tokens = concat([token, x], 1);
    graph.output('tokens', reshape(transpose(tokens, [0, 2, 1]), [batch, 9]));
    graph.output('wide', expand(reshape(x, [batch, 2, 1, 3]), [batch, 2, 5, 3]));
    graph.output('many', expand(constant('row', [1, 3]), [batch * 4, 3]));
  });
  expect(open.outputs).toEqual(fixed.outputs);
  const { node, input } = onnx.ModelProto.decode(open.model.bytes).graph!;
  expect(node!.filter(({ domain }) => domain)).toEqual([]);
  expect(node!.find(({ opType }) => opType === 'LayerNormalization')!.output).toHaveLength(1);
  expect(input![0]!.type!.tensorType!.shape!.dim![0]!.dimParam).toBe('batch_size');
});

it('a weight in whole numbers is its rows to half a step, and two products fit into 16 bits', () => {
  const weight = float32([2, 3], [1, -0.5, 0.25, 0, 0, 0]);
  const { values, scales } = quantizeWeight(weight);
  expect(values.shape).toEqual([3, 2]);
  expect([...scales.data]).toEqual([Math.fround(1 / 63), 1]); // a row of zeros has no largest number
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 3; j++)
      expect(Math.abs(values.data[j * 2 + i]! * scales.data[i]! - weight.data[i * 3 + j]!)).toBeLessThanOrEqual(
        0.5001 * scales.data[i]!,
      );
  expect(2 * 255 * Math.max(...values.data.map(Math.abs))).toBeLessThan(2 ** 15);
});
