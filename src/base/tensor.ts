// Tensors as plain records: a dtype, a shape and a typed array. No methods, no I/O.
import { InternalError } from './errors.ts';

/**
 * Element types. The engine works with float32, int64, int32, uint8, int8 and bool; the others occur only in files.
 * `float16`/`bfloat16` hold raw 16-bit patterns.
 */
export type DType = keyof Arrays;

interface Arrays {
  float64: Float64Array;
  float32: Float32Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int64: BigInt64Array;
  int32: Int32Array;
  int16: Int16Array;
  int8: Int8Array;
  uint64: BigUint64Array;
  uint32: Uint32Array;
  uint16: Uint16Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

/** The typed array that holds each type. */
export const arrays = {
  float64: Float64Array,
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint64: BigUint64Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

export type Shape = readonly number[];

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: Arrays[D];
}

export const bytesPerElement = Object.fromEntries(
  Object.entries(arrays).map(([dtype, array]) => [dtype, array.BYTES_PER_ELEMENT]),
) as Readonly<Record<DType, number>>;

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
