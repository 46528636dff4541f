// A tuned run as a plain network with a linear classifier, the form that other libraries have a class for.
import { messageOf, OptionError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { exportGraph, type GraphModel } from '../graph/export.ts';
import { Graph } from '../graph/graph.ts';
import { type CheckpointHead, checkpointOutput } from '../model/checkpoint-head.ts';
import type { VitConfig } from '../model/config.ts';
import { network } from '../model/network.ts';
import { encode } from '../model/vit.ts';
import type { Weights } from '../model/weights.ts';
import type { Runtime } from '../runtime/session.ts';
import type { Loaded } from '../train/host.ts';
import { mergedBackbone } from '../train/merge.ts';

/** A backbone with its own classifier; `head.weight` and `head.bias` are among the weights. */
export interface Classifier {
  readonly config: VitConfig;
  readonly head: CheckpointHead;
  readonly weights: Weights;
}

/** The same weights with some of them replaced or added. */
export function withTensors(weights: Weights, tensors: ReadonlyMap<string, Tensor<'float32'>>): Weights {
  return {
    get(name) {
      const tensor = tensors.get(name);
      return tensor ? { dtype: 'float32', shape: tensor.shape, data: tensor } : weights.get(name);
    },
    read: async (name) => tensors.get(name) ?? (await weights.read(name)),
  };
}

/** Throws OptionError where a method can't be merged, or the head is no linear layer. */
export async function plainClassifier(
  runtime: Runtime,
  { tuning, trained, tensors }: Pick<Loaded, 'tuning' | 'trained' | 'tensors'>,
): Promise<Classifier> {
  if (tuning.config.head !== 'linear')
    throw new OptionError('export: this head compares directions (CLIP), no linear layer does; --to onnx exports it');
  const merged = await mergedBackbone(runtime, tuning, trained, tensors).catch((cause: unknown) => {
    throw cause instanceof OptionError
      ? new OptionError(`export: ${messageOf(cause)}; --to onnx exports it as it is`, { cause })
      : cause;
  });
  const head = new Map(
    trained.specs.filter(({ role }) => role === 'head').map(({ name }) => [name, tensors.get(name)!]),
  );
  return {
    config: merged.config,
    head: { kind: 'classifier', outputs: tuning.classes },
    weights: withTensors(merged.weights, head),
  };
}

/** `pixel_values` (B, 3, H, W) -> `logits` of a checkpoint's own classifier. */
export function classifierGraph({ config, head, weights }: Classifier, batch: number): GraphModel {
  const graph = new Graph();
  const net = network({
    graph,
    config,
    weights,
    batch,
    classes: head.outputs,
    methods: [],
    trains: () => false,
    parameter: ({ name, shape }) => graph.input(name, 'float32', shape), // nothing is trained
  });
  const pictures = graph.input('pixel_values', 'float32', [batch, 3, ...config.imageSize]);
  graph.output('logits', checkpointOutput(net, encode(net, pictures), head));
  return exportGraph(graph);
}
