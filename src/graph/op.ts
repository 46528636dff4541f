// What an operator is: one record with its shape rule, its ONNX form and its gradient. `vjp` is required; an operator
// without a gradient writes out 'none'.
import { InternalError } from '../base/errors.ts';
import { type Shape, showShape } from '../base/tensor.ts';
import type { Attributes, EmitContext, OnnxNode, Op, TensorType, Value, Vjp, Work } from './types.ts';

export interface OpDefinition<A extends Attributes> {
  readonly name: string;
  readonly infer: (inputs: readonly TensorType[], attributes: A) => readonly TensorType[];
  readonly emit: (context: EmitContext<A>) => readonly OnnxNode[];
  readonly vjp: Vjp<A> | 'none';
  readonly work?: Work<A>;
}

export interface BoundOp<A extends Attributes> extends Op {
  /** Applies the operator: all outputs. */
  readonly all: (inputs: readonly Value[], attributes: A) => readonly Value[];
  /** Applies the operator: its first output. */
  readonly one: (inputs: readonly Value[], attributes: A) => Value;
}

export function defineOp<A extends Attributes>(definition: OpDefinition<A>): BoundOp<A> {
  // The erased record is only ever applied to attributes that went in through `all`, so the casts hold.
  const op: Op = definition as unknown as Op;
  const all = (inputs: readonly Value[], attributes: A): readonly Value[] => {
    const graph = inputs[0]?.graph;
    if (!graph) throw new InternalError(`${definition.name}: needs at least one input`);
    return graph.apply(bound, inputs, attributes).outputs;
  };
  const bound: BoundOp<A> = { ...op, all, one: (inputs, attributes) => all(inputs, attributes)[0]! };
  return bound;
}

/** The emit rule of an operator that is one ONNX node without attributes. */
export function emitAs(opType: string): OpDefinition<Attributes>['emit'] {
  return ({ inputs, outputs }) => [{ opType, inputs, outputs }];
}

/** NumPy broadcasting of two shapes. Throws InternalError where they don't fit. */
export function broadcastShapes(name: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new InternalError(`${name}: shapes ${showShape(a)} and ${showShape(b)} can't be broadcast together`);
    return Math.max(x, y);
  });
}

/** A non-negative axis. Throws InternalError where it is outside the rank. */
export function axisOf(name: string, axis: number, rank: number): number {
  const a = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(a) || a < 0 || a >= rank)
    throw new InternalError(`${name}: axis ${axis} is outside rank ${rank}`);
  return a;
}
