// Copies a part of a graph into another graph. Graphs that are to be copied are built for `anyBatch` pictures (open-batch.ts): the
// copy is for any other number, because every size and attribute that the prime divides is a multiple of the batch.
import { InternalError } from '../base/errors.ts';
import type { Shape } from '../base/tensor.ts';
import type { Graph } from './graph.ts';
import { anyBatch, isOpen } from './open-batch.ts';
import type { Attribute, Attributes, Node, Value } from './types.ts';

const sizeAt = (batch: number) => (size: number) => (size !== 0 && isOpen(size) ? (size / anyBatch) * batch : size);

/** A shape of the graph for `anyBatch` pictures, for `batch` of them. */
export const shapeAt = (shape: Shape, batch: number): Shape => shape.map(sizeAt(batch));

function attributesAt(attributes: Attributes, batch: number): Attributes {
  const at = sizeAt(batch);
  const one = (value: Attribute | undefined): Attribute | undefined =>
    typeof value === 'number' ? at(value) : Array.isArray(value) ? value.map(at) : value;
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, one(value)]));
}

/** The nodes that `roots` need and `given` don't provide, in topological order. */
function missing(roots: readonly Value[], given: ReadonlyMap<Value, Value>): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  while (stack.length > 0) {
    const value = stack.pop()!;
    if (given.has(value) || value.origin.kind !== 'node' || seen.has(value.origin.node)) continue;
    seen.add(value.origin.node);
    stack.push(...value.origin.node.inputs);
  }
  return [...seen].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}

/**
 * Writes what `roots` need into `target`, for `batch` pictures, and returns where each of them is there. `given`: values that
 * are there already, in place of what computes them here. Inputs and constants keep their names.
 */
export function replay(
  roots: readonly Value[],
  target: Graph,
  batch: number,
  given: ReadonlyMap<Value, Value> = new Map(),
): Value[] {
  const made = new Map(given);
  const of = (value: Value): Value => {
    const known = made.get(value);
    if (known) return known;
    const { origin, dtype, shape } = value;
    if (origin.kind === 'node') throw new InternalError(`replay: ${origin.node.op.name} was not copied yet`);
    const copy =
      origin.kind === 'input'
        ? target.input(origin.name, dtype, shapeAt(shape, batch))
        : target.constant(origin.name, { dtype, shape }, origin.data);
    made.set(value, copy);
    return copy;
  };
  for (const { op, inputs, attributes, outputs } of missing(roots, given)) {
    const node = target.apply(op, inputs.map(of), attributesAt(attributes, batch));
    outputs.forEach((output, i) => {
      made.set(output, node.outputs[i]!);
    });
  }
  return roots.map(of);
}
