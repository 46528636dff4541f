// What a runtime is to the rest of the code: it takes a graph model and runs it. Implementations differ by subpath
// (node.ts); nothing outside this room imports onnxruntime.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';

export type Device = 'cpu' | 'webgpu' | 'cuda';
export const devices: readonly Device[] = ['cpu', 'webgpu', 'cuda'];

export interface SessionOptions {
  readonly device: Device;
  /** Threads inside an operator. Results are bit-identical for equal numbers only. */
  readonly threads: number;
  /**
   * Run frozen weights where they are mapped instead of packing a copy for each session (CPU): many graphs over one file
   * then hold it once.
   */
  readonly shareWeights: boolean;
}

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Session {
  /**
   * Runs the graph once. Output arrays belong to the caller. `into`: arrays for outputs of these names; one may be fed as well, where
   * the graph reads its elements for the last time in the operator that writes them. The CPU writes into them and returns them, other
   * devices return arrays of their own. Throws DeviceError.
   */
  run(feeds: Feeds, into?: Feeds): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

export interface Runtime {
  readonly options: SessionOptions;
  /** Name and version of the engine, e.g. `onnxruntime-node 1.30.0`. */
  readonly engine: string;
  /** Prepares a graph for running. Throws DeviceError where the device can't take it. */
  prepare(model: GraphModel): Promise<Session>;
}
