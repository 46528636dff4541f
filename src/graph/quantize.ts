// Matrices in whole numbers of 8 bits, symmetric, with one scale a column of the product they take part in; and what an
// export asks of the code that puts such a product in place of a plain one.
import { float32, type Shape, type Tensor } from '../base/tensor.ts';
import type { OnnxNode, Stored } from './types.ts';

/** A product x op(W) (+ bias) of a frozen W, as a graph is about to emit it. */
export interface FrozenProduct {
  /** A Gemm of x as it is: inputs x, W and, where there is one, the bias; `transB` says what op is. */
  readonly node: OnnxNode;
  /** Rows of x. */
  readonly rows: number;
  readonly weight: Stored & { readonly name: string };
}

/** What the graph that is written offers to those who write into it. */
export interface QuantizerTools {
  /** The name of a small constant. */
  readonly literal: (tensor: Tensor) => string;
  /** The name of a constant, added under it. */
  readonly constant: (name: string, stored: Stored) => string;
  /** A fresh name for an intermediate result. */
  readonly temporary: () => string;
}

/** The nodes to write in place of a product; undefined = it stays as it is. Made anew for each export. */
export type Quantizer = (product: FrozenProduct, tools: QuantizerTools) => readonly OnnxNode[] | undefined;

/** A tensor in memory as a constant. */
export const stored = (tensor: Tensor): Stored => ({ dtype: tensor.dtype, shape: tensor.shape, data: tensor });

/** The largest magnitude of a column becomes this: -128 stays unused, so that the numbers are symmetric. */
export const largestWhole = 127;

/** The matrix B (K, N) of a product A B, in whole numbers. */
export interface QuantizedMatrix {
  readonly values: Tensor<'int8'>;
  /** One a column, (N): B is about values x scales. */
  readonly scales: Tensor<'float32'>;
}

/** Where the elements of B lie in a matrix that is stored row by row. */
interface Layout {
  readonly shape: Shape;
  /** Elements from one row of B to the next, and from one column to the next. */
  readonly rowStride: number;
  readonly columnStride: number;
}

/** B = W^T of W (out, in): what y = x W^T multiplies by. */
export const transposedOf = ([out, into]: Shape): Layout => ({
  shape: [into!, out!],
  rowStride: 1,
  columnStride: into!,
});
/** B = W of W (out, in): what dx = dy W multiplies by. */
export const plainOf = ([out, into]: Shape): Layout => ({ shape: [out!, into!], rowStride: into!, columnStride: 1 });

/** Rounds the elements of B so that the largest magnitude of a column becomes `largest`. */
export function rounded(
  data: Float32Array,
  { shape, rowStride, columnStride }: Layout,
  largest = largestWhole,
): QuantizedMatrix {
  const [K, N] = shape;
  const values = new Int8Array(data.length);
  const scales = new Float32Array(N!);
  for (let k = 0; k < K!; k++)
    for (let n = 0; n < N!; n++) {
      const magnitude = Math.abs(data[k * rowStride + n * columnStride]!);
      if (magnitude > scales[n]!) scales[n] = magnitude;
    }
  for (let n = 0; n < N!; n++) scales[n] = scales[n] === 0 ? 1 : scales[n]! / largest;
  for (let k = 0; k < K!; k++)
    for (let n = 0; n < N!; n++) values[k * N! + n] = Math.round(data[k * rowStride + n * columnStride]! / scales[n]!);
  return { values: { dtype: 'int8', shape, data: values }, scales: float32([N!], scales) };
}
