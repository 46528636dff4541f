// The types that the graph room shares: values, nodes, and what an operator is. Types only.
import type { DType, Shape, Tensor } from '../base/tensor.ts';

/** What is known of a value before it exists. Shapes are static: batch size and image size are part of a graph. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export type Attribute = number | string | boolean | readonly number[];
export type Attributes = { readonly [name: string]: Attribute | undefined };

/** Bytes of a constant that stay in their file until the runtime maps them. */
export interface FileSlice {
  /** Absolute folder and file name: ONNX Runtime takes one folder a graph, and names inside it. */
  readonly folder: string;
  readonly file: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

/** A constant: its type, and its values or where they lie. */
export interface Stored extends TensorType {
  readonly data: Tensor | FileSlice;
}

export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly name: string; readonly data: Tensor | FileSlice }
  | { readonly kind: 'node'; readonly node: Node; readonly index: number };

export interface Value extends TensorType {
  readonly graph: GraphBuilder;
  /** Position in the order of creation: a value's inputs have smaller ids, so ids are a topological order. */
  readonly id: number;
  readonly origin: Origin;
}

export interface Node {
  readonly op: Op;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  readonly outputs: readonly Value[];
}

/** What operators ask of the graph that their inputs belong to. */
export interface GraphBuilder {
  /** The node of `op` on `inputs`, made now or earlier. */
  apply(op: Op, inputs: readonly Value[], attributes: Attributes): Node;
  /** A small constant, named by its contents. */
  literal(tensor: Tensor): Value;
}

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
  /** The names of the shapes that Reshape and Expand (from a shape) take: small constants, unless the batch is left open. */
  readonly reshaped: (shape: Shape) => string;
  readonly expanded: (from: Shape, shape: Shape) => string;
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

/**
 * Floating-point operations of one application, where that is more, or less, than a pass over the outputs: an estimate for
 * choosing between computing again and keeping (cut.ts).
 */
export type Work<A> = (inputs: readonly TensorType[], outputs: readonly TensorType[], attributes: A) => number;

/** An operator with its attribute type erased, as nodes and tables hold it. */
export interface Op {
  readonly name: string;
  readonly infer: (inputs: readonly TensorType[], attributes: Attributes) => readonly TensorType[];
  readonly emit: (context: EmitContext<Attributes>) => readonly OnnxNode[];
  readonly vjp: Vjp<Attributes> | 'none';
  readonly work?: Work<Attributes>;
}
