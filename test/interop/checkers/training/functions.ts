// Losses with their gradients, and activations, against torch and timm.
import { float32, int64, type Tensor } from '../../../../src/base/tensor.ts';
import { exportGraph } from '../../../../src/graph/export.ts';
import { gradients } from '../../../../src/graph/grad.ts';
import { Graph } from '../../../../src/graph/graph.ts';
import { crossEntropy } from '../../../../src/graph/ops/loss.ts';
import { mean, sum } from '../../../../src/graph/ops/reduce.ts';
import type { Activation } from '../../../../src/model/config.ts';
import { activations } from '../../../../src/model/layers.ts';
import { nodeRuntime } from '../../../../src/runtime/node.ts';
import { type Case, skipped } from '../../case.ts';
import { figure } from '../../compare.ts';

const tolerance = { absolute: 2e-6, relative: 2e-6 };

async function run(graph: Graph, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await nodeRuntime({ threads: 1 }).prepare(exportGraph(graph));
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

export interface LossFixture {
  readonly loss: number;
  readonly dlogits: readonly (readonly number[])[];
}

/** Cross-entropy in our variants, read off the name's own parameters. */
export function lossCase(
  name: string,
  logits: readonly (readonly number[])[],
  target: readonly number[],
  { loss: want, dlogits }: LossFixture,
): Case {
  const smoothing = /^(?:torch_label_smoothing|timm_LabelSmoothingCrossEntropy)_([\d.]+)$/.exec(name)?.[1];
  const reduce = name === 'cross_entropy_sum' ? sum : name === 'cross_entropy' || smoothing ? mean : undefined;
  if (!reduce) return skipped(name, 'no loss of ours');
  return {
    name,
    async run() {
      const shape = [logits.length, logits[0]!.length] as const;
      const graph = new Graph();
      const x = graph.input('x', 'float32', shape);
      const each = crossEntropy(x, graph.input('y', 'int64', [shape[0]]), Number(smoothing ?? 0));
      const loss = reduce(each, [0], false);
      graph.output('loss', loss);
      graph.output('gradient', gradients(loss, [x])[0]!);
      const got = await run(graph, { x: float32(shape, logits.flat()), y: int64([shape[0]], target) });
      return [
        figure('loss', got.loss!.data as Float32Array, [want], tolerance),
        figure('gradient', got.gradient!.data as Float32Array, dlogits.flat(), tolerance),
      ];
    },
  };
}

const activationNames: Readonly<Record<string, Activation>> = {
  gelu_erf: 'gelu',
  gelu_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
  silu: 'silu',
};

export function activationCase(name: string, x: readonly number[], want: readonly number[]): Case {
  const activation = activationNames[name];
  if (!activation) return skipped(name, 'no activation of ours');
  return {
    name,
    async run() {
      const graph = new Graph();
      graph.output('y', activations[activation](graph.input('x', 'float32', [x.length])));
      const { y } = await run(graph, { x: float32([x.length], x) });
      return [figure('values', y!.data as Float32Array, want, tolerance)];
    },
  };
}
