// The graphs of a run, built from a backbone and its methods: one training step (forward, gradients, optimizer), or the
// same cut in two for accumulated micro-batches, and one for evaluation. All share one list of trained parameters.

import { InternalError, OptionError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { sizeOf, type Tensor } from '../base/tensor.ts';
import type { Cut } from '../graph/cut.ts';
import { aboveCut, belowCut, cutOf, type Whole } from '../graph/cut-in-two.ts';
import { type ExportOptions, exportGraph, type GraphModel } from '../graph/export.ts';
import { gradients } from '../graph/grad.ts';
import { Graph } from '../graph/graph.ts';
import { type Int8Weights, int8Products } from '../graph/int8-products.ts';
import { anyBatch } from '../graph/open-batch.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { crossEntropy } from '../graph/ops/loss.ts';
import { sum } from '../graph/ops/reduce.ts';
import type { Optimizer } from '../graph/optim.ts';
import { shapeAt } from '../graph/replay.ts';
import { layOut, type Slab, slabInputs } from '../graph/slabs.ts';
import { stacked } from '../graph/stack.ts';
import type { Value } from '../graph/types.ts';
import type { ConfiguredMethod } from '../methods/index.ts';
import { backboneParameters, type VitConfig } from '../model/config.ts';
import type { Backbone } from '../model/load.ts';
import { mergedParameters } from '../model/merge.ts';
import { type Network, type NetworkOptions, type NoiseSpec, network, type ParameterSpec } from '../model/network.ts';
import { canMerge, type Handlers, type Init } from '../model/sites.ts';
import { features, normalizePixels, vit } from '../model/vit.ts';
import type { Weights } from '../model/weights.ts';
import type { SlabUpdate } from '../runtime/slab-update.ts';

/** What is tuned, and how: everything that shapes the graphs but the batch. */
export interface Tuning {
  readonly config: VitConfig;
  readonly weights: Weights;
  readonly methods: readonly ConfiguredMethod[];
  readonly classes: number;
  /** Pictures enter as bytes (B, H, W, 3) and are normalised with these; left out = as normalised floats (B, 3, H, W). */
  readonly normalization?: Pick<Preprocessing, 'mean' | 'std'>;
  readonly dropPath: number;
  readonly labelSmoothing: number;
  /**
   * `matrices`: no weight decay on vectors (biases, norms, scales), tokens and position embeddings, as timm has it. `all`:
   * one group, as the study has it.
   */
  readonly decayOn: 'matrices' | 'all';
  readonly headInit?: Init;
  /** Frozen weights in whole numbers, for training; evaluation, merging and exports compute in float32. */
  readonly int8?: Int8Weights;
}

export interface TrainedParameters {
  readonly specs: readonly ParameterSpec[];
  readonly slabs: readonly Slab[];
  /** Scalars in all, and of those outside the head (what papers count). */
  readonly count: number;
  readonly countWithoutHead: number;
}

/** Finds out what a tuning trains, by building its network once without a gradient. */
export function trainedParameters(tuning: Tuning): TrainedParameters {
  const specs: ParameterSpec[] = [];
  const graph = new Graph();
  buildLogits(tuning, graph, 1, (spec) => {
    specs.push(spec);
    return graph.input(spec.name, 'float32', spec.shape);
  });
  const embeddings = new Set(
    backboneParameters(tuning.config).flatMap(({ name, kind }) => (kind === 'embedding' ? [name] : [])),
  );
  const decays = ({ name, shape }: ParameterSpec) =>
    tuning.decayOn === 'all' || (shape.filter((d) => d > 1).length > 1 && !embeddings.has(name));
  const total = (list: readonly ParameterSpec[]) => list.reduce((n, { shape }) => n + sizeOf(shape), 0);
  return {
    specs,
    slabs: layOut(specs.map((spec) => ({ name: spec.name, shape: spec.shape, decay: decays(spec) }))),
    count: total(specs),
    countWithoutHead: total(specs.filter((spec) => spec.role !== 'head')),
  };
}

/** What the methods insert. */
const handlersFor = ({ methods, config }: Tuning): Handlers[] =>
  methods.flatMap(({ method, options }) => (method.at ? [method.at(options, config)] : []));

type Extra = Pick<NetworkOptions, 'noise' | 'strength'>;

function networkOf(
  tuning: Tuning,
  graph: Graph,
  batch: number,
  parameter: (spec: ParameterSpec) => Value,
  extra: Extra = {},
): Network {
  const { config, weights, methods, classes } = tuning;
  const infos = new Map(backboneParameters(config).map((info) => [info.name, info]));
  return network({
    graph,
    config,
    weights,
    batch,
    classes,
    methods: handlersFor(tuning),
    trains: (name) =>
      methods.some(({ method, options }) => method.trains?.(infos.get(name)!, options, config) ?? false),
    parameter,
    ...(tuning.headInit ? { headInit: tuning.headInit } : {}),
    ...extra,
  });
}

function buildLogits(
  tuning: Tuning,
  graph: Graph,
  batch: number,
  parameter: (spec: ParameterSpec) => Value,
  extra: Extra = {},
): { readonly pictures: Value; readonly logits: Value; readonly penalties: readonly Value[] } {
  const { config, normalization } = tuning;
  const net = networkOf(tuning, graph, batch, parameter, extra);
  const [h, w] = config.imageSize;
  const pictures = normalization
    ? graph.input('pixels', 'uint8', [batch, h, w, 3])
    : graph.input('pictures', 'float32', [batch, 3, h, w]);
  const normalized = normalization ? normalizePixels(pictures, normalization.mean, normalization.std) : pictures;
  return { pictures, logits: vit(net, normalized), penalties: net.penalties };
}

/**
 * What a graph takes of pictures: all of them, or their `features`, which the part of the graph below the cut makes of them
 * and which are the same in every epoch.
 */
export type PictureInput = 'pixels' | 'features';

export interface TrainingGraph {
  readonly model: GraphModel;
  /** Random factors to feed under their names. */
  readonly noise: readonly NoiseSpec[];
}

/** How a training graph is written. */
const trainingExport = ({ int8 }: Tuning): ExportOptions => (int8 ? { quantize: int8Products(int8) } : {});

export const noiseInput = (spec: NoiseSpec): string => `noise:${spec.name}`;

/**
 * Forward and gradients of one batch: loss = sum of `weights` x (cross-entropy + the methods' penalties), so that
 * micro-batches add up: the weights of a step sum to 1. Roots: loss, logits, slabs, their gradients.
 */
function wholeTraining(tuning: Tuning, trained: TrainedParameters, batch: number) {
  const graph = new Graph();
  const { inputs, views } = slabInputs(graph, trained.slabs);
  const noise: NoiseSpec[] = [];
  const source = (spec: NoiseSpec) => {
    noise.push(spec);
    return graph.input(noiseInput(spec), 'float32', spec.shape);
  };
  const { pictures, logits, penalties } = buildLogits(tuning, graph, batch, (spec) => views.get(spec.name)!, {
    noise: { source, dropPath: tuning.dropPath },
  });
  const labels = graph.input('labels', 'int64', [batch]);
  const sampleWeights = graph.input('weights', 'float32', [batch]);
  const each = penalties.reduce(add, crossEntropy(logits, labels, tuning.labelSmoothing)); // (B,)
  const loss = sum(mul(each, sampleWeights), [0], false);
  return { graph, noise, pictures, roots: [loss, logits, ...inputs, ...gradients(loss, inputs)] };
}

/** The logits alone, without noise, and the merge factor, where `strength` is asked for. */
function wholeEvaluation(tuning: Tuning, trained: TrainedParameters, batch: number, strength = false) {
  const graph = new Graph();
  const { views } = slabInputs(graph, trained.slabs);
  const extra = strength ? { strength: graph.input('strength', 'float32', []) } : {};
  const { pictures, logits } = buildLogits(tuning, graph, batch, (spec) => views.get(spec.name)!, extra);
  return { graph, pictures, roots: [logits] };
}

/** What a graph is for: `weakened` evaluates with a merge factor. */
export type GraphUse = 'training' | 'evaluation' | 'weakened';

/** Where a graph is cut; undefined where nothing in it is the same in every epoch. */
export function frozenPart(tuning: Tuning, trained: TrainedParameters, use: GraphUse): Cut | undefined {
  return cutOf(
    use === 'training'
      ? wholeTraining(tuning, trained, anyBatch)
      : wholeEvaluation(tuning, trained, anyBatch, use === 'weakened'),
  );
}

/** Pictures -> `features`, one row each. */
export const featureGraph = (cut: Cut, batch: number): GraphModel => exportGraph(belowCut(cut, batch));

/** A graph for `batch` pictures, or what of it lies above its cut. */
function enter(from: PictureInput, batch: number, build: (batch: number) => Whole & { readonly graph: Graph }) {
  if (from === 'pixels') return build(batch);
  const whole = build(anyBatch);
  const cut = cutOf(whole);
  if (!cut) throw new InternalError('graphs: nothing in this graph is the same in every epoch');
  return aboveCut(cut, whole.roots, batch);
}

function lossAndGradients(tuning: Tuning, trained: TrainedParameters, batch: number, from: PictureInput) {
  const noise: NoiseSpec[] = [];
  const { graph, roots } = enter(from, batch, (size) => {
    const whole = wholeTraining(tuning, trained, size);
    noise.push(
      ...whole.noise.map((spec) => ({ ...spec, shape: from === 'pixels' ? spec.shape : shapeAt(spec.shape, batch) })),
    );
    return whole;
  });
  const [loss, logits, ...slabs] = roots;
  graph.output('loss', loss!);
  graph.output('logits', logits!);
  const count = trained.slabs.length;
  return { graph, noise, slabValues: slabs.slice(0, count), slabGradients: slabs.slice(count) };
}

const scalarInputs = (graph: Graph, { scalars }: Optimizer): Readonly<Record<string, Value>> =>
  Object.fromEntries(scalars.map((name) => [name, graph.input(`scalar:${name}`, 'float32', [])]));

/** The optimizer's update of one slab. `named` makes the names of the slab's inputs and outputs in this graph. */
function addUpdate(
  graph: Graph,
  optimizer: Optimizer,
  { size, decay }: Pick<Slab, 'size' | 'decay'>,
  own: Readonly<Record<'parameter' | 'gradient', Value>> & { readonly scalars: Readonly<Record<string, Value>> },
  named: (what: string) => string,
): void {
  const slots = optimizer.slots.map((slot) => graph.input(named(slot), 'float32', [size]));
  const next = optimizer.update({ ...own, slots, decay });
  graph.output(`next:${named('param')}`, next.parameter);
  optimizer.slots.forEach((slot, i) => {
    graph.output(`next:${named(slot)}`, next.slots[i]!);
  });
}

export interface GraphShape {
  /** Left out = pixels. */
  readonly from?: PictureInput;
  /** Runs that are trained together, each input and output with a first axis of them (graph/stack.ts). Left out = one, without. */
  readonly lanes?: number;
}

const exportLanes = (graph: Graph, lanes: number, options?: ExportOptions): GraphModel =>
  exportGraph(lanes === 1 ? graph : stacked(graph, lanes), options);

/** One whole step in one graph: forward, gradients, optimizer. */
export function stepGraph(
  tuning: Tuning,
  trained: TrainedParameters,
  optimizer: Optimizer,
  batch: number,
  { from = 'pixels', lanes = 1 }: GraphShape = {},
): TrainingGraph {
  const { graph, slabValues, noise, slabGradients } = lossAndGradients(tuning, trained, batch, from);
  const scalars = scalarInputs(graph, optimizer);
  trained.slabs.forEach((slab, i) => {
    const own = { parameter: slabValues[i]!, gradient: slabGradients[i]!, scalars };
    addUpdate(graph, optimizer, slab, own, (what) => `${what}:${slab.name}`);
  });
  return { model: exportLanes(graph, lanes, trainingExport(tuning)), noise };
}

/** Forward and gradients of one micro-batch, added to the sums that come in. */
export function accumulateGraph(
  tuning: Tuning,
  trained: TrainedParameters,
  batch: number,
  { from = 'pixels', lanes = 1 }: GraphShape = {},
): TrainingGraph {
  const { graph, noise, slabGradients } = lossAndGradients(tuning, trained, batch, from);
  trained.slabs.forEach((slab, i) => {
    const sofar = graph.input(`grad:${slab.name}`, 'float32', [slab.size]);
    graph.output(`next:grad:${slab.name}`, add(sofar, slabGradients[i]!));
  });
  return { model: exportLanes(graph, lanes, trainingExport(tuning)), noise };
}

/** The optimizer alone, on accumulated gradients: a graph for the slabs of each size. */
export function updateGraphs(trained: TrainedParameters, optimizer: Optimizer, lanes = 1): SlabUpdate[] {
  const alike = new Map<string, Slab[]>();
  for (const slab of trained.slabs) {
    const kind = `${slab.size} ${slab.decay}`;
    alike.set(kind, [...(alike.get(kind) ?? []), slab]);
  }
  return [...alike.values()].map((slabs) => {
    const graph = new Graph();
    const input = (name: string) => graph.input(name, 'float32', [slabs[0]!.size]);
    const own = { parameter: input('param'), gradient: input('grad'), scalars: scalarInputs(graph, optimizer) };
    addUpdate(graph, optimizer, slabs[0]!, own, (what) => what);
    return { model: exportLanes(graph, lanes), slabs: slabs.map(({ name }) => name) };
  });
}

/** Pictures -> what the head of a frozen backbone would read: `features` (B, width). */
export function backboneFeatureGraph(
  { config, weights, preprocessing }: Pick<Backbone, 'config' | 'weights' | 'preprocessing'>,
  batch: number,
): GraphModel {
  const graph = new Graph();
  const parameter = ({ name }: ParameterSpec): never => {
    throw new InternalError(`features of a frozen backbone: nothing is trained, got ${name}`);
  };
  const net = network({
    graph,
    config,
    weights,
    batch,
    classes: 0,
    methods: [],
    trains: () => false,
    parameter,
  });
  const pixels = graph.input('pixels', 'uint8', [batch, ...config.imageSize, 3]);
  graph.output('features', features(net, normalizePixels(pixels, preprocessing.mean, preprocessing.std)));
  return exportGraph(graph);
}

/** Pictures -> logits, with the trained parameters fed; and the merge factor, where `strength` is asked for. */
export function evaluationGraph(
  tuning: Tuning,
  trained: TrainedParameters,
  batch: number,
  options: { readonly strength?: boolean; readonly from?: PictureInput } = {},
): GraphModel {
  const { from = 'pixels', strength = false } = options;
  const { graph, roots } = enter(from, batch, (size) => wholeEvaluation(tuning, trained, size, strength));
  graph.output('logits', roots[0]!);
  return exportGraph(graph);
}

/**
 * The tuned network for other runtimes: `pixel_values` (any number, 3, H, W), normalised, -> `logits`, with the trained
 * parameters as constants.
 */
export function inferenceGraph(
  tuning: Tuning,
  values: ReadonlyMap<string, Tensor<'float32'>>,
  options: Pick<ExportOptions, 'quantize'> = {},
): GraphModel {
  const graph = new Graph();
  const constant = ({ name }: ParameterSpec) => graph.constant(name, values.get(name)!, values.get(name)!);
  const net = networkOf(tuning, graph, anyBatch, constant);
  const pictures = graph.input('pixel_values', 'float32', [anyBatch, 3, ...tuning.config.imageSize]);
  graph.output('logits', vit(net, pictures));
  return exportGraph(graph, { ...options, portable: true });
}

/**
 * The trained parameters, fed -> every parameter of a plain backbone that computes the same (outputs `merged:<name>`); the
 * head is left out. Throws OptionError where a method can't be merged.
 */
export function mergeGraph(
  tuning: Tuning,
  trained: TrainedParameters,
  options: { readonly strength?: boolean } = {},
): GraphModel {
  tuning.methods.forEach(({ method, options: chosen }) => {
    if (method.at && !canMerge(method.at(chosen, tuning.config)))
      throw new OptionError(
        `method ${method.name}: can't be merged into plain weights: it computes what no weight can hold`,
      );
  });
  const graph = new Graph();
  const { views } = slabInputs(graph, trained.slabs);
  const extra = options.strength ? { strength: graph.input('strength', 'float32', []) } : {};
  const net = networkOf(tuning, graph, 1, (spec) => views.get(spec.name)!, extra);
  for (const [name, value] of mergedParameters(net)) graph.output(`merged:${name}`, value);
  return exportGraph(graph);
}
