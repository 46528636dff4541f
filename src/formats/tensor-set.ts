// What every reader of weights yields: tensors by name, and what the file says of itself.
import type { OnnxGraph } from './onnx/graph.ts';
import type { StoredTensor } from './stored-tensor.ts';

export type TensorFormat =
  | 'safetensors'
  | 'safetensors-sharded'
  | 'npy'
  | 'npz'
  | 'torch-zip'
  | 'torch-legacy'
  | 'torch-sharded'
  | 'pickle'
  | 'onnx';

export interface TensorSet {
  readonly format: TensorFormat;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** What the file says of itself; `state_dict` is where in a torch checkpoint the tensors were found. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The nodes between the tensors, of an ONNX file. */
  readonly graph?: OnnxGraph;
}
