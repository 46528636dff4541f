// A tensor in a foreign file: read when asked for, and where it lies if its bytes are the tensor as they are.
import type { DType, Shape, Tensor } from '../base/tensor.ts';
import type { ByteSource } from './byte-source.ts';

/** Bytes that are a tensor as they lie: row by row, little-endian, at any alignment. */
export interface Place {
  readonly source: ByteSource;
  /** Bytes from the start of the source. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Left out where the bytes have to be decoded: compressed, big-endian, strided, in Fortran order, or not raw. */
  readonly place?: Place;
  /** Rejects with CheckpointError. */
  readonly load: () => Promise<Tensor>;
}
