// Opens a weight file of any known format, told by its first bytes and not by its name.
import { type ByteSource, failOf } from './byte-source.ts';
import { tensorFrom } from './elements.ts';
import { isNpy } from './numpy/npy.ts';
import { isNpz, readNpy, readNpz } from './numpy/npz.ts';
import { readOnnx } from './onnx/read.ts';
import { readPickledArrays } from './pickled-arrays.ts';
import { readHeader } from './safetensors.ts';
import { readShards } from './shards.ts';
import { noSiblings, type Siblings } from './siblings.ts';
import type { StoredTensor } from './stored-tensor.ts';
import type { TensorSet } from './tensor-set.ts';
import { tensorsOf } from './torch/checkpoint.ts';
import { isTorchLegacy, readTorchLegacy } from './torch/legacy.ts';
import { isTorchZip, readTorchZip } from './torch/zip.ts';

export interface OpenOptions {
  /** Where in a torch checkpoint the state dict is, keys joined by dots; left out = found by usual names. */
  readonly stateDict?: string | undefined;
}

const known =
  'safetensors (or its index.json), NumPy .npz and .npy, torch .pth and .bin (zip and legacy), and ONNX are read';

/** Rejects with CheckpointError: one line, and where shards don't fit their index, the differences. */
export async function openTensors(
  source: ByteSource,
  siblings: Siblings = noSiblings,
  options: OpenOptions = {},
): Promise<TensorSet> {
  const fail = failOf(source);
  const head = await source.read(0, Math.min(64, source.size));
  const text = String.fromCharCode(...head);
  const starts = (...bytes: readonly number[]) => bytes.every((byte, i) => head[i] === byte);
  if (head.length === 0) return fail('is empty');
  // First of all, for its length may look like any magic: below 2^40, then JSON.
  if (text[8] === '{' && head.subarray(5, 8).every((byte) => byte === 0)) return readSafetensors(source);
  if (starts(0x50, 0x4b, 3, 4) || starts(0x50, 0x4b, 5, 6)) {
    const { readZip } = await import('./zip.ts'); // its library takes 0.1 s to load, which no other format should wait for
    const members = await readZip(source);
    if (isTorchZip(members)) return tensorsOf(await readTorchZip(source, members), options.stateDict);
    if (isNpz(members)) return readNpz(source, members);
    return fail('is a zip archive, but neither of torch (data.pkl) nor of NumPy (only .npy members)');
  }
  if (isNpy(head)) return readNpy(source);
  if (isTorchLegacy(head)) return tensorsOf(await readTorchLegacy(source), options.stateDict);
  if (starts(0x80) && head[1]! >= 2 && head[1]! <= 5) return readPickledArrays(source, options.stateDict);
  if (/^\s*\{/.test(text))
    return readShards(source, siblings, async (shard) => {
      const set = await openTensors(shard, noSiblings, options);
      return set.format.endsWith('-sharded') ? fail('names an index as a shard') : set;
    });
  if (text.startsWith('version https://git-lfs'))
    return fail('is a pointer of Git LFS, not the file itself; fetch it with git lfs pull');
  if (starts(0x1f, 0x8b)) return fail('is compressed by gzip; unpack it first');
  if (/^\s*</.test(text)) return fail('is a web page, not a weight file; was its download refused?');
  if (starts(0x08) && head[1]! >= 3 && head[1]! <= 32) return readOnnx(source, siblings); // ir_version, put first by all
  return fail(`is no weight file that is known here; ${known}`);
}

async function readSafetensors(source: ByteSource): Promise<TensorSet> {
  const { tensors: entries, metadata } = await readHeader(source);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, { dtype, shape, offset, byteLength }] of entries) {
    const load = async () => tensorFrom({ dtype, shape }, await source.read(offset, byteLength));
    const place = { source, offset, byteLength };
    tensors.set(name, byteLength === 0 ? { dtype, shape, load } : { dtype, shape, load, place });
  }
  return { format: 'safetensors', tensors, metadata };
}
