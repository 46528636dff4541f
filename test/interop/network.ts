// A loaded backbone through the engine, with everything on the way that a fixture may hold: tokens entering and leaving each
// block, the final tokens, the pooled feature, the checkpoint's own head, and gradients of the mean cross-entropy.
import { float32, type Tensor } from '../../src/base/tensor.ts';
import { exportGraph } from '../../src/graph/export.ts';
import { gradients } from '../../src/graph/grad.ts';
import { Graph } from '../../src/graph/graph.ts';
import { crossEntropy } from '../../src/graph/ops/loss.ts';
import { mean } from '../../src/graph/ops/reduce.ts';
import type { Value } from '../../src/graph/types.ts';
import { type CheckpointHead, checkpointOutput, headParameters } from '../../src/model/checkpoint-head.ts';
import { backboneParameters, type VitConfig } from '../../src/model/config.ts';
import { type NetworkOptions, network } from '../../src/model/network.ts';
import { finalTokens, pool } from '../../src/model/pooling.ts';
import type { Handlers } from '../../src/model/sites.ts';
import { encode } from '../../src/model/vit.ts';
import type { Weights } from '../../src/model/weights.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import type { Feeds } from '../../src/runtime/session.ts';

/** What a network is made of: a Backbone is one. */
export interface Model {
  readonly config: VitConfig;
  readonly head?: CheckpointHead;
  readonly weights: Weights;
}

const runtime = nodeRuntime({ threads: 1 });

async function run(graph: Graph, feeds: Feeds): Promise<Record<string, Tensor>> {
  const session = await runtime.prepare(exportGraph(graph));
  try {
    return await session.run(feeds);
  } finally {
    await session.dispose();
  }
}

/** Names what passes between the blocks: `embed`, `block.0`, `block.1`, ... */
const taps = (graph: Graph): Handlers => ({
  tokens(_, { x, layout, block, next }) {
    if (block === 0) graph.output('embed', x);
    const out = next({ x, layout });
    graph.output(`block.${block}`, out.x);
    return out;
  },
});

function build({ config, weights }: Model, graph: Graph, pictures: Tensor, extra: Partial<NetworkOptions>) {
  const net = network({
    graph,
    config,
    weights,
    batch: pictures.shape[0]!,
    classes: 0,
    methods: [],
    trains: () => false,
    parameter: ({ name, shape }) => graph.input(name, 'float32', shape),
    ...extra,
  });
  return { net, tokens: encode(net, graph.input('pictures', 'float32', pictures.shape)) };
}

/** Pictures (B, 3, H, W) -> `embed`, `block.i`, `tokens`, `pooled`, and `output` where the checkpoint has a head. */
export async function forward(model: Model, pictures: Tensor): Promise<Record<string, Tensor>> {
  const graph = new Graph();
  const { net, tokens } = build(model, graph, pictures, { methods: [taps(graph)] });
  graph.output('tokens', finalTokens(net, tokens).x);
  graph.output('pooled', pool(net, tokens));
  if (model.head) graph.output('output', checkpointOutput(net, tokens, model.head));
  return await run(graph, { pictures });
}

/** The loss of the checkpoint's own classifier, and its gradients by canonical name. */
export async function backward(
  model: Model,
  pictures: Tensor,
  labels: Tensor,
): Promise<{ readonly loss: number; readonly gradients: ReadonlyMap<string, Tensor> }> {
  const { config, head, weights } = model;
  if (!head) throw new Error('gradients: the checkpoint has no classifier');
  const names = [...backboneParameters(config), ...headParameters(config, head)].map(({ name }) => name);
  const graph = new Graph();
  const values = new Map<string, Value>();
  const { net, tokens } = build(model, graph, pictures, {
    trains: () => true,
    parameter({ name, shape }) {
      const value = graph.input(name, 'float32', shape);
      values.set(name, value);
      return value;
    },
  });
  const losses = crossEntropy(checkpointOutput(net, tokens, head), graph.input('labels', 'int64', labels.shape), 0);
  const loss = mean(losses, [0], false);
  graph.output('loss', loss);
  const used = names.filter((name) => values.has(name));
  gradients(
    loss,
    used.map((name) => values.get(name)!),
  ).forEach((gradient, i) => {
    graph.output(`grad.${used[i]}`, gradient);
  });
  const parameters = await Promise.all(used.map(async (name) => [name, await weights.read(name)] as const));
  const results = await run(graph, {
    pictures,
    labels: { dtype: 'int64', shape: labels.shape, data: BigInt64Array.from(labels.data as Iterable<bigint>, BigInt) },
    ...Object.fromEntries(parameters.map(([name, { shape, data }]) => [name, float32(shape, data)])),
  });
  return {
    loss: (results.loss!.data as Float32Array)[0]!,
    gradients: new Map(used.map((name) => [name, results[`grad.${name}`]!])),
  };
}
