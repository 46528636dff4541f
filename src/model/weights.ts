// The weights of a backbone by canonical name: where each lies (in its file, unread) and how to read it when it is trained.
import type { Tensor } from '../base/tensor.ts';
import type { FileSlice, TensorType } from '../graph/types.ts';

export interface Weight extends TensorType {
  readonly data: Tensor | FileSlice;
}

export interface Weights {
  /** Throws InternalError for a name that the backbone has not. */
  get(name: string): Weight;
  /** The values in float32, read from the file where they lie there. */
  read(name: string): Promise<Tensor<'float32'>>;
}
