// Tensors as plain records: a dtype, a shape and a typed array. No methods, no I/O.
import { InternalError } from './errors.ts';

/** Element types the engine works with. `float16`/`bfloat16` hold raw 16-bit patterns and occur only in files. */
export type DType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'uint8' | 'int8' | 'bool';

interface Arrays {
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  uint8: Uint8Array;
  int8: Int8Array;
  bool: Uint8Array;
}

export type Shape = readonly number[];

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: Arrays[D];
}

export const bytesPerElement: Record<DType, number> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  uint8: 1,
  int8: 1,
  bool: 1,
};

/** Number of elements of a shape; 1 for a scalar `[]`. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((n, d) => n * d, 1);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((d, i) => d === b[i]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** A float32 tensor over `data` (not copied). Throws InternalError where the sizes differ. */
export function float32(shape: Shape, data: Float32Array | readonly number[]): Tensor<'float32'> {
  const array = data instanceof Float32Array ? data : Float32Array.from(data);
  if (array.length !== sizeOf(shape))
    throw new InternalError(`tensor ${showShape(shape)} needs ${sizeOf(shape)} numbers, got ${array.length}`);
  return { dtype: 'float32', shape, data: array };
}

export function int64(shape: Shape, data: readonly (number | bigint)[]): Tensor<'int64'> {
  return { dtype: 'int64', shape, data: BigInt64Array.from(data, BigInt) };
}

export function zeros(shape: Shape): Tensor<'float32'> {
  return { dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)) };
}

export function full(shape: Shape, value: number): Tensor<'float32'> {
  return { dtype: 'float32', shape, data: new Float32Array(sizeOf(shape)).fill(value) };
}

/** The little-endian bytes of a tensor, sharing its memory. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const { data } = tensor;
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
