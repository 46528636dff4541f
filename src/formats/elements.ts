// Elements in bytes as foreign files store them: strided, in Fortran order, big-endian; and tensors made of them.
import { InternalError } from '../base/errors.ts';
import { arrays, bytesPerElement, type DType, type Shape, sizeOf, type Tensor } from '../base/tensor.ts';

/** How the elements of an array lie in its bytes. */
export interface Layout {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Distance of neighbours along each axis, in elements, at least 0. */
  readonly strides: Shape;
  readonly bigEndian: boolean;
}

/** Distances between neighbours of an array stored row by row. */
export function rowMajor(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The same of an array stored column by column. */
export function columnMajor(shape: Shape): number[] {
  return rowMajor(shape.toReversed()).toReversed();
}

/** Whether the bytes are the tensor as they lie: row by row without gaps, little-endian. */
export function isPlain({ dtype, shape, strides, bigEndian }: Layout): boolean {
  if (bigEndian && bytesPerElement[dtype] > 1) return false;
  if (sizeOf(shape) === 0) return true;
  const wanted = rowMajor(shape);
  return shape.every((size, axis) => size === 1 || strides[axis] === wanted[axis]);
}

/** Elements from the first to the last, inclusive; 0 for an empty array. */
export function extentOf({ shape, strides }: Pick<Layout, 'shape' | 'strides'>): number {
  if (sizeOf(shape) === 0) return 0;
  return shape.reduce((n, size, axis) => n + (size - 1) * strides[axis]!, 1);
}

/** A tensor over little-endian bytes (copied where they aren't aligned). */
export function tensorFrom({ dtype, shape }: Pick<Tensor, 'dtype' | 'shape'>, bytes: Uint8Array): Tensor {
  const aligned = bytes.byteOffset % bytesPerElement[dtype] === 0 ? bytes : new Uint8Array(bytes);
  const data = new arrays[dtype](aligned.buffer as ArrayBuffer, aligned.byteOffset, sizeOf(shape));
  return { dtype, shape, data } as unknown as Tensor;
}

/** The tensor that `bytes`, from its first element on, hold in that layout. */
export function gather(bytes: Uint8Array, layout: Layout): Tensor {
  const { dtype, shape } = layout;
  const width = bytesPerElement[dtype];
  if (bytes.length < extentOf(layout) * width)
    throw new InternalError(`gather: ${extentOf(layout) * width} bytes are needed, got ${bytes.length}`);
  if (isPlain(layout)) return tensorFrom(layout, bytes);
  const out = new Uint8Array(sizeOf(shape) * width);
  let to = 0;
  for (const element of offsets(layout)) {
    const from = element * width;
    for (let i = 0; i < width; i++) out[to + i] = bytes[from + (layout.bigEndian ? width - 1 - i : i)]!;
    to += width;
  }
  return tensorFrom(layout, out);
}

/** Where each element lies, in elements, in the tensor's own order. */
function* offsets({ shape, strides }: Layout): Generator<number> {
  const count = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  let offset = 0;
  for (let i = 0; i < count; i++) {
    yield offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      offset -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}

/** No array of a model has more axes. */
export const maxRank = 8;

/** Whether these are sizes of axes: whole numbers whose product is still exact. */
export function isShape(shape: unknown): shape is Shape {
  return (
    Array.isArray(shape) &&
    shape.length <= maxRank &&
    shape.every((n) => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0) &&
    Number.isSafeInteger(shape.reduce((n: number, d: number) => n * Math.max(d, 1), 16))
  );
}
