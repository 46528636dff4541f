// Rows that nobody reads are not computed. A classifier that reads its class token alone needs one row of the last block's
// queries, projection and MLP; tokens that a block drops again need none of its MLP. So a slice moves towards the inputs, as far
// as operators work row by row; below it the gradients follow by themselves. Every row that is left is the row it was.
import { InternalError } from '../base/errors.ts';
import { type Shape, sizeOf } from '../base/tensor.ts';
import { reachable } from './graph.ts';
import { attentionOp } from './ops/attention.ts';
import * as e from './ops/elementwise.ts';
import { gemmOp, matmulOp } from './ops/linear.ts';
import { layerNormOp, logSoftmaxOp, softmaxOp } from './ops/norm.ts';
import { maxOp, meanOp, sumOp } from './ops/reduce.ts';
import {
  concat,
  concatOp,
  expand,
  expandOp,
  reshape,
  reshapeOp,
  slice,
  sliceOp,
  splitOp,
  transposeOp,
} from './ops/shape.ts';
import type { Node, Op, Value } from './types.ts';

type Range = readonly [start: number, end: number];

/** Rows along `axis`, which is seen as `groups` times `period` (pictures times tokens): in each group those of the ranges. */
interface Rows {
  readonly axis: number;
  readonly groups: number;
  readonly period: number;
  /** In order, apart from each other. */
  readonly ranges: readonly Range[];
}
type Read = Rows | 'all';

/** How a node makes the rows that are read: what it reads of each input (undefined = nothing), and how it is applied to that. */
interface Plan {
  readonly reads: readonly (Read | undefined)[];
  readonly make: (inputs: readonly (Value | undefined)[]) => readonly Value[];
}
/** The plan for what is read of a node's outputs; undefined = the whole node on whole inputs. */
type Rule = (node: Node, read: Read) => Plan | undefined;

/** A larger share of the rows than this isn't worth the copies that a slice makes. */
const largestShare = 31 / 32;

const count = (ranges: readonly Range[]): number => ranges.reduce((n, [start, end]) => n + end - start, 0);
const isWhole = ({ ranges, period }: Rows): boolean => count(ranges) === period;

function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = result.at(-1);
    if (last && start <= last[1]) result[result.length - 1] = [last[0], Math.max(last[1], end)];
    else result.push([start, end]);
  }
  return result;
}

/** What is read where both are. */
function together(a: Read | undefined, b: Read): Read {
  if (a === 'all' || b === 'all') return 'all';
  if (a && (a.axis !== b.axis || a.groups !== b.groups || a.period !== b.period)) return 'all';
  const ranges = merged([...(a?.ranges ?? []), ...b.ranges]);
  return count(ranges) > largestShare * b.period ? 'all' : { ...b, ranges };
}

/** The rows `want` of a value of which `have` is there. Throws InternalError where they aren't. */
function take(value: Value, have: Read, want: Read): Value {
  if (want === 'all') {
    if (have !== 'all') throw new InternalError('narrow: all rows are read of a value that has some');
    return value;
  }
  const there: readonly Range[] = have === 'all' ? [[0, want.period]] : have.ranges;
  let before = 0;
  const offsets = there.map(([start, end]) => {
    const offset = before - start;
    before += end - start;
    return offset;
  });
  const local = merged(
    want.ranges.map(([start, end]) => {
      const i = there.findIndex(([from, to]) => from <= start && end <= to);
      if (i < 0) throw new InternalError(`narrow: rows ${start}..${end} are read and not there`);
      return [start + offsets[i]!, end + offsets[i]!];
    }),
  );
  const { axis, groups } = want;
  const shape = value.shape;
  const [rows, at] =
    groups === 1 ? [value, axis] : [reshape(value, shape.toSpliced(axis, 1, groups, before)), axis + 1];
  const taken = concat(
    local.map(([start, end]) => slice(rows, at, start, end)),
    at,
  );
  return reshape(taken, shape.with(axis, groups * count(want.ranges)));
}

const again =
  ({ op, attributes }: Node): Plan['make'] =>
  (inputs) => {
    const given = inputs as readonly Value[];
    return given[0]!.graph.apply(op, given, attributes).outputs;
  };

/** What is read of an input that is broadcast to the output's `rank`. */
function broadcast({ shape }: Value, rank: number, rows: Rows): Read {
  const axis = rows.axis - (rank - shape.length);
  return axis < 0 || shape[axis] === 1 ? 'all' : { ...rows, axis };
}

/** A rule for rows that are not all; `reads` gives undefined where the node mixes them. */
const rowwise =
  (reads: (node: Node, rows: Rows) => readonly Read[] | undefined): Rule =>
  (node, read) => {
    const inputs = read === 'all' ? undefined : reads(node, read);
    return inputs && { reads: inputs, make: again(node) };
  };

const elementwise = rowwise(({ inputs, outputs }, rows) =>
  inputs.map((x) => broadcast(x, outputs[0]!.shape.length, rows)),
);

/** Operators within the last axis; further inputs belong to it. */
const withinRows = rowwise(({ inputs: [x, ...own] }, rows) =>
  rows.axis < x!.shape.length - 1 ? [rows, ...own.map((): Read => 'all')] : undefined,
);

const reduction = rowwise(({ attributes }, rows) =>
  attributes.keep && !(attributes.axes as readonly number[]).includes(rows.axis) ? [rows] : undefined,
);

/** Rows of A make rows of the product; along the axes before, each product is of its own factors. */
const product = rowwise(({ inputs: [a, b, bias], outputs: [y], attributes }, rows) => {
  const rank = y!.shape.length;
  if (rows.axis < rank - 2) return [broadcast(a!, rank, rows), broadcast(b!, rank, rows)];
  if (attributes.transA || rows.axis !== rank - 2) return undefined;
  return [{ ...rows, axis: a!.shape.length - 2 }, 'all', ...(bias ? [broadcast(bias, rank, rows)] : [])];
});

/** Queries make rows; keys and values are read by each. */
const attending = rowwise((_, rows) => (rows.axis === 2 ? [rows, 'all', 'all'] : undefined));

const narrowedShape = (shape: Shape, { axis, groups, ranges }: Rows): Shape => shape.with(axis, groups * count(ranges));

/**
 * The rows of an axis, which has `inner` elements below each, as rows of another axis of the same memory, which has `below`: a row
 * there is several here, or a part of one. Undefined where they have no such axis in common.
 */
function sameRows(rows: Rows, inner: number, size: number, below: number): Omit<Rows, 'axis'> | undefined {
  const there = (n: number) => (n * inner) / below;
  const period = there(rows.period);
  const ranges = rows.ranges.map(([start, end]): Range => [there(start), there(end)]);
  const groups = size / period;
  return [period, groups, ...ranges.flat()].every(Number.isInteger) ? { groups, period, ranges } : undefined;
}

const reshaping: Rule = ({ inputs: [x], outputs: [y] }, read) => {
  if (read === 'all') return undefined;
  const below = (shape: Shape, axis: number) => sizeOf(shape.slice(axis + 1));
  const inner = below(y!.shape, read.axis);
  const found = x!.shape.flatMap((size, axis) => {
    const rows = sameRows(read, inner, size, below(x!.shape, axis));
    return rows ? [{ axis, ...rows }] : [];
  });
  return found[0] && { reads: [found[0]], make: ([part]) => [reshape(part!, narrowedShape(y!.shape, read))] };
};

const expanding: Rule = ({ inputs: [x], outputs: [y] }, read) =>
  read === 'all'
    ? undefined
    : {
        reads: [broadcast(x!, y!.shape.length, read)],
        make: ([part]) => [expand(part!, narrowedShape(y!.shape, read))],
      };

const transposing = rowwise(({ attributes }, rows) => [
  { ...rows, axis: (attributes.perm as readonly number[])[rows.axis]! },
]);

const slicing: Rule = (node, read) => {
  const { axis, start, end } = node.attributes as { axis: number; start: number; end: number };
  if (read !== 'all' && read.axis !== axis) return { reads: [read], make: again(node) };
  if (read !== 'all' && read.groups > 1) return undefined;
  const ranges: readonly Range[] = read === 'all' ? [[0, end - start]] : read.ranges;
  const moved = ranges.map(([from, to]): Range => [from + start, to + start]);
  return {
    reads: [{ axis, groups: 1, period: node.inputs[0]!.shape[axis]!, ranges: moved }],
    make: ([part]) => [part!],
  };
};

const concatenating: Rule = (node, read) => {
  const axis = node.attributes.axis as number;
  if (read === 'all') return undefined;
  if (read.axis !== axis) return { reads: node.inputs.map(() => read), make: again(node) };
  if (read.groups > 1) return undefined;
  let before = 0;
  const reads = node.inputs.map(({ shape }): Read | undefined => {
    const period = shape[axis]!;
    const [first, last] = [before, before + period];
    before = last;
    const ranges = read.ranges.flatMap(([start, end]): Range[] =>
      start < last && end > first ? [[Math.max(start, first) - first, Math.min(end, last) - first]] : [],
    );
    if (ranges.length === 0) return undefined;
    const rows = { axis, groups: 1, period, ranges };
    return isWhole(rows) ? 'all' : rows;
  });
  return {
    reads,
    make: (parts) => [
      concat(
        parts.filter((part) => part !== undefined),
        axis,
      ),
    ],
  };
};

/** Missing on purpose: convolutions and what pads or splits along the rows; they are computed whole. */
const rules: ReadonlyMap<Op, Rule> = new Map<Op, Rule>([
  ...[e.addOp, e.subOp, e.mulOp, e.divOp, e.greaterOp, e.whereOp].map((op) => [op, elementwise] as const),
  ...[e.negOp, e.expOp, e.logOp, e.sqrtOp, e.erfOp, e.tanhOp, e.sigmoidOp].map((op) => [op, elementwise] as const),
  ...[e.reluOp, e.absOp, e.signOp, e.geluOp, e.detachOp, e.castOp].map((op) => [op, elementwise] as const),
  ...[layerNormOp, softmaxOp, logSoftmaxOp].map((op) => [op, withinRows] as const),
  ...[sumOp, meanOp, maxOp].map((op) => [op, reduction] as const),
  ...[gemmOp, matmulOp].map((op) => [op, product] as const),
  [attentionOp, attending],
  [reshapeOp, reshaping],
  [expandOp, expanding],
  [transposeOp, transposing],
  [sliceOp, slicing],
  [concatOp, concatenating],
  [splitOp, rowwise(({ attributes }, rows) => (rows.axis === attributes.axis ? undefined : [rows]))],
]);

/** The same value, made of the rows that it needs and of no others. Nodes are added to its graph; what they replace is dead. */
export function narrowed(root: Value): Value {
  const nodes = reachable([root]);
  const reads = new Map<Value, Read>([[root, 'all']]);
  const plans = new Map<Node, { readonly read: Read; readonly plan: Plan | undefined }>();
  for (const node of nodes.toReversed()) {
    const read = node.outputs.reduce<Read | undefined>((sofar, y) => {
      const own = reads.get(y);
      return own ? together(sofar, own) : sofar;
    }, undefined);
    if (!read) continue;
    const plan = rules.get(node.op)?.(node, read);
    plans.set(node, { read, plan });
    node.inputs.forEach((x, i) => {
      const own = plan ? plan.reads[i] : 'all';
      if (own) reads.set(x, together(reads.get(x), own));
    });
  }

  const made = new Map<Value, { readonly value: Value; readonly read: Read }>();
  const rowsOf = (x: Value, want: Read): Value => {
    const { value, read } = made.get(x) ?? { value: x, read: 'all' as const };
    return take(value, read, want);
  };
  for (const node of nodes) {
    const planned = plans.get(node);
    if (!planned) continue;
    const { plan, read } = planned;
    const outputs = plan
      ? plan.make(node.inputs.map((x, i) => plan.reads[i] && rowsOf(x, plan.reads[i])))
      : again(node)(node.inputs.map((x) => rowsOf(x, 'all')));
    node.outputs.forEach((y, i) => {
      made.set(y, { value: outputs[i]!, read: plan ? read : 'all' });
    });
  }
  return rowsOf(root, 'all');
}
