// The nodes of an ONNX file as records: what is needed to find weights by their place in the graph. Types only.
import type { StoredTensor } from '../stored-tensor.ts';

export type OnnxAttribute = number | string | readonly number[] | readonly string[] | StoredTensor;

export interface OnnxNodeRecord {
  readonly opType: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  readonly name: string;
  /** Names of values; '' for an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Attributes that hold graphs are left out. */
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

export interface OnnxGraph {
  /** In the order of the file, which is a topological one. */
  readonly nodes: readonly OnnxNodeRecord[];
  /** Names of the graph's inputs that are no initialisers, and of its outputs. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Versions of the operator sets by domain. */
  readonly opsets: ReadonlyMap<string, number>;
}
