// Where a training graph can be cut in two: below, what depends on the pictures and on nothing else that is fed (no trained
// parameter, no noise), and so is the same in every epoch; above, the rest. Values on the cut are kept a picture at a time. What
// to keep and what to compute again is one minimum cut (the idea of PyTorch's partitioner of forward and backward graphs): every
// byte kept and every operation repeated has its price. Graphs are built for `anyBatch` pictures.
import { bytesPerElement, type DType, sizeOf } from '../base/tensor.ts';
import { flowNetwork } from './flow.ts';
import { reachable } from './graph.ts';
import { anyBatch, isOpen } from './open-batch.ts';
import type { Node, TensorType, Value } from './types.ts';

export interface Cut {
  /** The values to keep, all float32, pictures on their first axis. */
  readonly kept: readonly Value[];
  /** Numbers kept a picture. */
  readonly width: number;
  /** Share of the graph's work that is left out once they are kept, 0 to 1. */
  readonly saved: number;
  /** Largest value above the cut, in numbers a picture. */
  readonly widest: number;
}

/** A pass over an element costs what this many multiplications and additions of a matrix product do: it waits for memory. */
const passWork = 100;
/** A kept byte has to save this much work. Reading it costs a tenth; the rest is for disk space, of which there is less. */
const byteWork = 1000;

const perPicture = ({ shape }: TensorType): number => sizeOf(shape) / anyBatch;

function workOf({ op, inputs, outputs, attributes }: Node): number {
  const passed = outputs.reduce((n, { shape }) => n + sizeOf(shape), 0) * passWork;
  return Math.ceil((op.work?.(inputs, outputs, attributes) ?? passed) / anyBatch);
}

const priceOf = (value: { readonly dtype: DType } & TensorType): number =>
  Math.ceil(perPicture(value)) * bytesPerElement[value.dtype] * byteWork;

/** Whether a value can be cut into pictures: they are its first axis, or that axis' slowest part. */
const isPerPicture = ({ dtype, shape: [first, ...others] }: Value): boolean =>
  dtype === 'float32' && first !== undefined && isOpen(first) && !others.some(isOpen);

/** The cheapest cut below what `roots` need, or undefined where the pictures themselves are cheapest. */
export function cheapestCut(roots: readonly Value[], pictures: Value): Cut | undefined {
  const nodes = reachable(roots);
  // Constants and what is made of them alone can be had on both sides.
  const fixed = new Set<Value>([pictures]);
  const varied = new Set<Value>();
  const isVaried = (x: Value) => varied.has(x) || (x.origin.kind === 'input' && x !== pictures);
  for (const { inputs, outputs } of nodes) {
    const set = inputs.some(isVaried) ? varied : inputs.some((x) => fixed.has(x)) ? fixed : undefined;
    for (const y of outputs) set?.add(y);
  }

  // Vertices: the source (below), the sink (above), then each fixed node and each fixed value.
  const [below, above] = [0, 1];
  const places = new Map<Node | Value, number>();
  const place = (item: Node | Value): number => {
    const known = places.get(item) ?? places.size + 2;
    places.set(item, known);
    return known;
  };
  const edges: [number, number, number][] = [[below, place(pictures), priceOf(pictures)]];
  const rootSet = new Set(roots);
  for (const node of nodes) {
    const own = node.outputs.some((y) => fixed.has(y)) ? place(node) : undefined;
    // Who is above needs its inputs there.
    const user = own ?? (node.outputs.some((y) => varied.has(y)) ? above : undefined);
    if (user !== undefined)
      for (const x of node.inputs) if (fixed.has(x)) edges.push([place(x), user, Number.POSITIVE_INFINITY]);
    if (own === undefined) continue;
    edges.push([below, own, workOf(node)]);
    for (const y of node.outputs) {
      edges.push([own, place(y), isPerPicture(y) ? priceOf(y) : Number.POSITIVE_INFINITY]);
      if (rootSet.has(y)) edges.push([place(y), above, Number.POSITIVE_INFINITY]);
    }
  }
  const flow = flowNetwork(places.size + 2, below, above);
  for (const edge of edges) flow.edge(...edge);
  const side = flow.sinkSide();
  const isAbove = (item: Node | Value) => side[places.get(item)!]!;
  if (isAbove(pictures)) return undefined;

  const leftOut = nodes.filter((node) => places.has(node) && !isAbove(node));
  const kept = leftOut.flatMap(({ outputs }) => outputs.filter(isAbove));
  const work = (some: readonly Node[]) => some.reduce((sum, node) => sum + workOf(node), 0);
  if (work(leftOut) === 0) return undefined; // the pictures themselves under another shape
  const stays = nodes.filter(({ outputs }) => outputs.some((y) => varied.has(y)));
  return {
    kept,
    width: kept.reduce((n, value) => n + perPicture(value), 0),
    saved: work(leftOut) / work(nodes),
    widest: Math.max(...stays.flatMap(({ outputs }) => outputs.map(perPicture)).filter(Number.isInteger)),
  };
}
