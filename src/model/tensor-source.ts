// What the loader needs of a file of weights, whatever its format: tensors by name, each read when asked for, and where it
// lies if its bytes are the tensor as they are.
import type { DType, Shape, Tensor } from '../base/tensor.ts';
import type { SafetensorsFile } from '../formats/safetensors-file.ts';
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
}

/** A safetensors file as a source. `folder` and `file`: where it really is, symbolic links resolved. */
export function fromSafetensors(opened: SafetensorsFile, folder: string, file: string): TensorSource {
  const tensors = [...opened.tensors].map(([name, { dtype, shape, offset, byteLength }]) => {
    const load = () => opened.read(name);
    return [name, { dtype, shape, slice: { folder, file, offset, byteLength }, load }] as const;
  });
  return { path: opened.path, tensors: new Map(tensors) };
}
