// What an operator is: one record with its shape rule, its ONNX form and its gradient. `vjp` is required; an operator
// without a gradient writes out 'none'.
import { InternalError } from '../base/errors.ts';
import { type Shape, showShape, type Tensor } from '../base/tensor.ts';
import type { Attributes, TensorType, Value } from './graph.ts';

/** One ONNX node. Attribute numbers are integers unless listed in `floats`. */
export interface OnnxNode {
  readonly opType: string;
  readonly domain?: 'com.microsoft';
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly strings?: Readonly<Record<string, string>>;
}

export interface EmitContext<A> {
  /** Names of the values, in order. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly inputTypes: readonly TensorType[];
  readonly outputTypes: readonly TensorType[];
  readonly attributes: A;
  /** The name of a small constant tensor (axes, shapes, scalars). */
  readonly literal: (tensor: Tensor) => string;
  /** A fresh name for an intermediate result. */
  readonly temporary: () => string;
}

export interface VjpContext<A> {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: A;
  /** Gradient of the loss by each output; undefined where nothing needs it. */
  readonly grads: readonly (Value | undefined)[];
  /** Whether the gradient by each input is wanted. */
  readonly needs: readonly boolean[];
}

/**
 * Gradients by the inputs, undefined where there is none or it isn't wanted. A gradient may have the broadcast shape: the
 * reverse walk (grad.ts) sums it back to the input's.
 */
export type Vjp<A> = (context: VjpContext<A>) => readonly (Value | undefined)[];

export interface OpDefinition<A extends Attributes> {
  readonly name: string;
  readonly infer: (inputs: readonly TensorType[], attributes: A) => readonly TensorType[];
  readonly emit: (context: EmitContext<A>) => readonly OnnxNode[];
  readonly vjp: Vjp<A> | 'none';
}

/** An operator with its attribute type erased, as nodes and tables hold it. */
export interface Op {
  readonly name: string;
  readonly infer: (inputs: readonly TensorType[], attributes: Attributes) => readonly TensorType[];
  readonly emit: (context: EmitContext<Attributes>) => readonly OnnxNode[];
  readonly vjp: Vjp<Attributes> | 'none';
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
