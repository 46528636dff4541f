// A torch checkpoint as read: what its pickle holds, and the runs of bytes that its tensors are views of. Both of torch's
// formats (zip.ts, legacy.ts) come to this.
import { bytesPerElement, type Tensor } from '../../base/tensor.ts';
import { type ByteSource, checkRange, failOf, quoted } from '../byte-source.ts';
import { extentOf, gather, isPlain, type Layout } from '../elements.ts';
import { numpyGlobals } from '../numpy/globals.ts';
import type { PickleGlobal } from '../pickle/machine.ts';
import { pythonGlobals } from '../pickle/python-globals.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import type { TensorFormat, TensorSet } from '../tensor-set.ts';
import { isTorchTensor, type TorchTensor, torchGlobals } from './globals.ts';
import { findStateDict } from './state-dict.ts';

/** The bytes of a storage. */
export interface Run {
  readonly byteLength: number;
  /** Where they start in the file, where they lie there as they are. */
  readonly offset?: number;
  readonly bigEndian: boolean;
  read(offset: number, length: number): Promise<Uint8Array>;
}

export interface TorchCheckpoint {
  readonly format: TensorFormat;
  readonly source: ByteSource;
  /** What was saved: Maps, arrays, numbers, text, and TorchTensors; see pickle/machine.ts. */
  readonly root: unknown;
  /** By storage key. */
  readonly runs: ReadonlyMap<string, Run>;
}

/** All that a torch pickle may name. */
export const torchAllowed: ReadonlyMap<string, PickleGlobal> = new Map([
  ...pythonGlobals,
  ...numpyGlobals,
  ...torchGlobals,
]);

/** A tensor of the checkpoint, checked against the bytes that there are. Throws CheckpointError. */
export function storedTensor({ source, runs }: TorchCheckpoint, name: string, tensor: TorchTensor): StoredTensor {
  const fail = failOf(source);
  const { dtype, shape, strides } = tensor;
  const width = bytesPerElement[dtype];
  const run = runs.get(tensor.storage.key);
  if (!run) return fail(`has no data of storage ${quoted(tensor.storage.key)} for tensor ${quoted(name)}`);
  const layout: Layout = { dtype, shape, strides, bigEndian: run.bigEndian };
  const start = tensor.offset * width;
  const byteLength = extentOf(layout) * width;
  if (byteLength > 0)
    checkRange({ name: `${source.name}: tensor ${quoted(name)}`, size: run.byteLength }, start, byteLength);
  const load = async (): Promise<Tensor> =>
    gather(byteLength === 0 ? new Uint8Array() : await run.read(start, byteLength), layout);
  if (run.offset === undefined || byteLength === 0 || !isPlain(layout)) return { dtype, shape, load };
  return { dtype, shape, load, place: { source, offset: run.offset + start, byteLength } };
}

/** The tensors of its state dict (found, or under `path`). Throws CheckpointError. */
export function tensorsOf(checkpoint: TorchCheckpoint, path?: string): TensorSet {
  const { source, root, format } = checkpoint;
  const found = findStateDict(source.name, root, isTorchTensor, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of found.tensors) tensors.set(name, storedTensor(checkpoint, name, tensor));
  return { format, tensors, metadata: found.path === '' ? {} : { state_dict: found.path } };
}
