// Several copies of one graph, each with inputs of its own, as one graph: every input and output gets a first axis of lanes. A lane
// ends in the very bits of the graph alone. So an operator takes all lanes at once only where each element's arithmetic stays what
// it was (the table below); any other is repeated, a lane a node. The idea is jax.vmap's, with the table as batching rules.
import { type Shape, sizeOf } from '../base/tensor.ts';
import { Graph, reachable } from './graph.ts';
import { attentionOp } from './ops/attention.ts';
import * as e from './ops/elementwise.ts';
import { gemm, gemmOp, matmulOp } from './ops/linear.ts';
import { oneHotOp } from './ops/loss.ts';
import { layerNormOp, logSoftmaxOp, softmaxOp } from './ops/norm.ts';
import { maxOp, meanOp, sumOp } from './ops/reduce.ts';
import {
  concat,
  concatOp,
  expandOp,
  padOp,
  reshape,
  reshapeOp,
  sliceOp,
  split,
  splitOp,
  transposeOp,
} from './ops/shape.ts';
import type { Attributes, Node, Op, Value } from './types.ts';

/** A value of the single graph in the stacked one: with the axis of lanes, or shared by all. */
interface Placed {
  readonly value: Value;
  readonly stacked: boolean;
}

interface Context {
  readonly node: Node;
  readonly inputs: readonly Placed[];
  readonly lanes: number;
  readonly target: Graph;
}

/** All lanes in one node, or undefined where this case has to be repeated. */
type Rule = (context: Context) => readonly Value[] | undefined;

const laneRank = ({ value, stacked }: Placed): number => value.shape.length - (stacked ? 1 : 0);

/** (K, ...s) -> (K, 1, ..., ...s), so that shapes of `rank` without the lanes line up. */
const aligned = (placed: Placed, rank: number): Value => {
  const { value, stacked } = placed;
  if (!stacked) return value;
  const [lanes, ...rest] = value.shape;
  return reshape(value, [lanes!, ...new Array<number>(rank - laneRank(placed)).fill(1), ...rest]);
};

/** Broadcasting operators that round each element by itself. */
const elementwise: Rule = ({ node, inputs, target }) => {
  const rank = Math.max(...inputs.map(laneRank));
  return target.apply(
    node.op,
    inputs.map((input) => aligned(input, rank)),
    node.attributes,
  ).outputs;
};

/** Operators on one stacked input whose attributes name axes or shapes. */
const moved =
  (attributesOf: (attributes: Attributes, lanes: number) => Attributes): Rule =>
  ({ node, inputs, lanes, target }) =>
    target.apply(
      node.op,
      inputs.map(({ value }) => value),
      attributesOf(node.attributes, lanes),
    ).outputs;
const list = (value: Attributes[string]) => value as readonly number[];
const axisMoved = moved((attributes) => ({ ...attributes, axis: (attributes.axis as number) + 1 }));
const shapeMoved = moved((attributes, lanes) => ({ ...attributes, shape: [lanes, ...list(attributes.shape)] }));
const reduced = moved((attributes) => ({ ...attributes, axes: list(attributes.axes).map((axis) => axis + 1) }));
/** Rows of the last axis, each by itself. */
const unchanged = moved((attributes) => attributes);

/** Elements whose vectors line up: of 16 floats, the widest there are. */
const vector = 16;

/**
 * Sums of rows, where every lane begins at a whole vector: how a row is added depends on where its memory begins. Sums over other
 * axes would add in another order.
 */
const rowSum: Rule = (context) => {
  const [x] = context.inputs;
  const [, ...shape] = x!.value.shape;
  const isRow = list(context.node.attributes.axes).every((axis) => axis === shape.length - 1);
  return isRow && sizeOf(shape) % vector === 0 ? reduced(context) : undefined;
};

/** All rows through one shared weight; or a product a lane, where nothing is added to it. */
const product: Rule = ({ node, inputs: [a, b, bias], lanes, target }) => {
  const { transA, transB, alpha } = node.attributes as { transA: boolean; transB: boolean; alpha: number };
  const sameForRows = bias === undefined || (!bias.stacked && bias.value.shape.length === 1);
  if (a!.stacked && !b!.stacked && sameForRows && !transA && node.op === gemmOp) {
    const [, m, k] = a!.value.shape as Shape & [number, number, number];
    const rows = gemm(reshape(a!.value, [lanes * m, k]), b!.value, { transB, alpha, bias: bias?.value });
    return [reshape(rows, [lanes, m, rows.shape[1]!])];
  }
  if (bias) return undefined; // Gemm starts its sums from the bias, a product and a sum end with it
  const rank = Math.max(laneRank(a!), laneRank(b!));
  return target.apply(matmulOp, [aligned(a!, rank), aligned(b!, rank)], node.attributes).outputs;
};

/** Each picture and head by itself: lanes are further pictures. */
const picturewise: Rule = ({ node, inputs, lanes, target }) => {
  if (inputs.some(({ stacked }) => !stacked)) return undefined;
  const merged = inputs.map(({ value: { shape }, value }) => reshape(value, [lanes * shape[1]!, ...shape.slice(2)]));
  return target
    .apply(node.op, merged, node.attributes)
    .outputs.map((y) => reshape(y, [lanes, y.shape[0]! / lanes, ...y.shape.slice(1)]));
};

/**
 * Missing on purpose: GELU, erf, tanh and the like, whose vector code may make something else of an element in another place, and
 * convolutions.
 */
const rules: ReadonlyMap<Op, Rule> = new Map<Op, Rule>([
  ...[e.addOp, e.subOp, e.mulOp, e.divOp, e.negOp, e.sqrtOp, e.expOp, e.absOp, e.signOp, e.reluOp].map(
    (op) => [op, elementwise] as const,
  ),
  ...[e.greaterOp, e.whereOp, e.castOp, e.detachOp].map((op) => [op, elementwise] as const),
  ...[sliceOp, padOp, splitOp].map((op) => [op, axisMoved] as const),
  [concatOp, (context) => (context.inputs.every(({ stacked }) => stacked) ? axisMoved(context) : undefined)],
  [reshapeOp, shapeMoved],
  [
    expandOp,
    (context) => {
      const [x] = context.inputs;
      const value = aligned(x!, list(context.node.attributes.shape).length);
      return shapeMoved({ ...context, inputs: [{ value, stacked: true }] });
    },
  ],
  [transposeOp, moved((attributes) => ({ perm: [0, ...list(attributes.perm).map((axis) => axis + 1)] }))],
  [maxOp, reduced],
  ...[sumOp, meanOp].map((op) => [op, rowSum] as const),
  ...[gemmOp, matmulOp].map((op) => [op, product] as const),
  [layerNormOp, (context) => (context.inputs.slice(1).some(({ stacked }) => stacked) ? undefined : unchanged(context))],
  ...[softmaxOp, logSoftmaxOp, oneHotOp].map((op) => [op, unchanged] as const),
  [attentionOp, picturewise],
]);

/** (K, d, ...) -> K times (d, ...). */
function lanesOf({ value, stacked }: Placed, lanes: number): readonly Value[] {
  if (!stacked) return new Array<Value>(lanes).fill(value);
  const [, first, ...rest] = value.shape;
  if (first === undefined) return split(value, 0, new Array<number>(lanes).fill(1)).map((lane) => reshape(lane, []));
  return split(reshape(value, [lanes * first, ...rest]), 0, new Array<number>(lanes).fill(first));
}

/** The operator once a lane. */
function repeated({ node, inputs, lanes, target }: Context): readonly Value[] {
  const own = inputs.map((input) => lanesOf(input, lanes));
  const made = Array.from(
    { length: lanes },
    (_, k) =>
      target.apply(
        node.op,
        own.map((values) => values[k]!),
        node.attributes,
      ).outputs,
  );
  return node.outputs.map(({ shape }, i) => {
    const parts = made.map((outputs) => (shape.length === 0 ? reshape(outputs[i]!, [1]) : outputs[i]!));
    return reshape(concat(parts, 0), [lanes, ...shape]);
  });
}

/** The graph `lanes` times in one: its inputs and outputs under their names, (...) -> (lanes, ...). Constants are shared. */
export function stacked(graph: Graph, lanes: number): Graph {
  const target = new Graph();
  const placed = new Map<Value, Placed>();
  const place = (value: Value): Placed => {
    const known = placed.get(value);
    if (known) return known;
    const { origin, dtype, shape } = value;
    const made: Placed =
      origin.kind === 'constant'
        ? { value: target.constant(origin.name, { dtype, shape }, origin.data), stacked: false }
        : { value: target.input((origin as { name: string }).name, dtype, [lanes, ...shape]), stacked: true };
    placed.set(value, made);
    return made;
  };
  for (const value of graph.inputs.values()) place(value);
  for (const node of reachable(graph.outputs.values())) {
    const inputs = node.inputs.map(place);
    const context = { node, inputs, lanes, target };
    const apart = inputs.some(({ stacked: own }) => own);
    const outputs = apart
      ? (rules.get(node.op)?.(context) ?? repeated(context))
      : target.apply(node.op, inputs.map(({ value }) => value), node.attributes).outputs; // biome-ignore format: one case a line
    node.outputs.forEach((output, i) => {
      placed.set(output, { value: outputs[i]!, stacked: apart });
    });
  }
  for (const [name, output] of graph.outputs) {
    const { value, stacked: own } = place(output);
    const shape = [lanes, ...output.shape];
    target.output(
      name,
      own ? value : reshape(concat(new Array<Value>(lanes).fill(reshape(value, [1, ...output.shape])), 0), shape),
    );
  }
  return target;
}
