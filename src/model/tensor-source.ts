// What the loader needs of a file of weights, whatever its format: tensors by name, each read when asked for, and where it
// lies if its bytes are the tensor as they are.
import type { DType, Shape, Tensor } from '../base/tensor.ts';
import type { TensorFile } from '../formats/tensor-file.ts';
import type { FileSlice } from '../graph/types.ts';

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Left out where the bytes have to be decoded: compressed, strided, big-endian. */
  readonly slice?: FileSlice;
  /** Rejects with CheckpointError. */
  readonly load: () => Promise<Tensor>;
}

export interface TensorSource {
  /** What messages call it. */
  readonly path: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** All files that it consists of: their bytes are the checkpoint. */
  readonly files: readonly string[];
}

/** An opened file, or the files of an index of shards, as a source. */
export function sourceOf(file: TensorFile): TensorSource {
  const tensors = [...file.tensors].map(([name, entry]) => [name, { ...entry, load: () => file.read(name) }] as const);
  return { path: file.path, tensors: new Map(tensors), files: file.files };
}
