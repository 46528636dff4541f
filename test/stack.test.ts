// Every operator in lanes: the stacked graph gives each lane the very bits of the graph alone, whether its other inputs differ by
// lane or are shared constants.
import { beforeAll, describe, expect, it } from 'vitest';
import type { Tensor } from '../src/base/tensor.ts';
import { exportGraph } from '../src/graph/export.ts';
import { gradients } from '../src/graph/grad.ts';
import { Graph } from '../src/graph/graph.ts';
import { mul } from '../src/graph/ops/elementwise.ts';
import { sum } from '../src/graph/ops/reduce.ts';
import { stacked } from '../src/graph/stack.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { applyCase, type OpCase, opCases, openValues } from './support/op-cases.ts';

const lanes = 3;
const runtime = nodeRuntime({ threads: 1 });
let value: Awaited<ReturnType<typeof openValues>>;
beforeAll(async () => {
  value = await openValues();
});

/** The same numbers, a little larger in each lane; whole numbers and truth values as they are. */
function inLane(tensor: Tensor, lane: number): Tensor {
  if (tensor.dtype !== 'float32') return tensor;
  return { ...tensor, data: (tensor.data as Float32Array).map((x) => x * (1 + lane / 8)) };
}

function joined(tensors: readonly Tensor[]): Tensor {
  const { dtype, shape, data } = tensors[0]!;
  const all = new (data.constructor as Float32ArrayConstructor)(lanes * data.length);
  tensors.forEach((tensor, lane) => {
    all.set(tensor.data as Float32Array, lane * data.length);
  });
  return { dtype, shape: [lanes, ...shape], data: all } as Tensor;
}

/** The case with its first `fed` inputs fed, the others constant; with gradients by those that are fed, where it has any. */
async function graphOf(item: OpCase, inputs: readonly Tensor[], fed: number): Promise<Graph> {
  const graph = new Graph();
  const values = inputs.map((x, i) =>
    i < fed ? graph.input(`x${i}`, x.dtype, x.shape) : graph.constant(`x${i}`, x, x),
  );
  const outputs = applyCase(item, values);
  outputs.forEach((y, i) => {
    graph.output(`y${i}`, y);
  });
  const wanted = values.slice(0, fed).filter((_, i) => inputs[i]!.dtype === 'float32');
  if (!(await value(item.name, 'grad', 0)) || !(await value(item.name, 'cotangent', 0))) return graph;
  const loss = sum(
    mul(outputs[0]!, outputs[0]!),
    outputs[0]!.shape.map((_, axis) => axis),
    false,
  );
  gradients(loss, wanted).forEach((g, i) => {
    graph.output(`g${i}`, g);
  });
  return graph;
}

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await runtime.prepare(exportGraph(graph));
  const outputs = await session.run(feeds);
  await session.dispose();
  return outputs;
}

describe.each(opCases.map((item) => [item.name, item] as const))('%s', (name, item) => {
  it('gives each lane its own bits', async () => {
    const inputs = await Promise.all(item.inputs.map(async (_, i) => (await value(name, 'input', i))!));
    for (const fed of new Set([inputs.length, 1])) {
      const graph = await graphOf(item, inputs, fed);
      const feed = (make: (x: Tensor) => Tensor) =>
        Object.fromEntries(inputs.slice(0, fed).map((x, i) => [`x${i}`, make(x)]));
      const all = await run(
        stacked(graph, lanes),
        feed((x) => joined(Array.from({ length: lanes }, (_, lane) => inLane(x, lane)))),
      );
      for (let lane = 0; lane < lanes; lane++) {
        const alone = await run(
          graph,
          feed((x) => inLane(x, lane)),
        );
        for (const [output, { data, shape }] of Object.entries(alone)) {
          expect(all[output]!.shape).toEqual([lanes, ...shape]);
          const own = all[output]!.data.slice(lane * data.length, (lane + 1) * data.length);
          expect(own, `${output} of lane ${lane}, ${fed} fed`).toEqual(data);
        }
      }
    }
  });
});
