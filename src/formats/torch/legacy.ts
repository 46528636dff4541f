// torch.save's format before 1.6 (torch/serialization.py, _legacy_save): five pickles in a row - a magic number, the
// version, the machine, what was saved, the keys of its storages - and then each storage: how many elements, and they.
import { bytesPerElement } from '../../base/tensor.ts';
import { type ByteSource, checkRange, failOf, quoted } from '../byte-source.ts';
import { pickleEnd, textOf, unpickle } from '../pickle/machine.ts';
import { type Run, type TorchCheckpoint, torchAllowed } from './checkpoint.ts';
import { storageOf } from './globals.ts';

/** What the first pickle holds, 0x1950a86a20f9469cfc6c, as an instruction: an integer of ten bytes. */
const magic = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
const version = 1001;

const maxPickleBytes = 1 << 26;
const firstWindow = 1 << 18;

/** Whether a file that starts with these bytes is one: the magic after the protocol, and from protocol 4 on a frame. */
export function isTorchLegacy(head: Uint8Array): boolean {
  if (head[0] !== 0x80) return false;
  const start = head[2] === 0x95 ? 11 : 2;
  return magic.every((byte, i) => head[start + i] === byte);
}

/** The pickles at the start of a file: their values, and the byte after them. */
async function readPickles(source: ByteSource, count: number, persistent: (id: unknown) => unknown) {
  const fail = failOf(source);
  // Their length isn't known: read ever more until the last one is whole.
  for (let window = firstWindow; ; window *= 8) {
    const bytes = await source.read(0, Math.min(window, source.size));
    let end: number | undefined = 0;
    for (let i = 0; i < count && end !== undefined; i++) end = pickleEnd(bytes, end, fail);
    if (end === undefined && bytes.length === source.size) return fail('is truncated within its pickles');
    if (end === undefined && window >= maxPickleBytes)
      return fail(`has pickles of over ${maxPickleBytes} bytes; no checkpoint needs that`);
    if (end === undefined) continue;
    const values: unknown[] = [];
    let at = 0;
    for (let i = 0; i < count; i++) {
      const read = unpickle(bytes, { globals: torchAllowed, persistent, fail }, at);
      values.push(read.value);
      at = read.end;
    }
    return { values, end: at };
  }
}

/** Rejects with CheckpointError. */
export async function readTorchLegacy(source: ByteSource): Promise<TorchCheckpoint> {
  const fail = failOf(source);
  const widths = new Map<string, number>();
  const { values, end } = await readPickles(source, 5, (id) => {
    const storage = storageOf(id, fail);
    widths.set(storage.key, storage.dtype === undefined ? 1 : bytesPerElement[storage.dtype]);
    return storage;
  });
  const [, fileVersion, , root, keys] = values;
  if (fileVersion !== version) return fail('is a torch checkpoint of an unknown version');
  if (!Array.isArray(keys)) return fail('does not list its storages');

  const runs = new Map<string, Run>();
  let at = end;
  for (const rawKey of keys) {
    const key = textOf(rawKey);
    const width = key === undefined ? undefined : widths.get(key);
    if (key === undefined || width === undefined || runs.has(key))
      return fail(`lists storage ${quoted(key ?? '?')}, which nothing refers to or which it had`);
    const count = await source.read(at, 8);
    const elements = Number(new DataView(count.buffer, count.byteOffset, 8).getBigUint64(0, true));
    const offset = at + 8;
    checkRange(source, offset, elements * width);
    runs.set(key, {
      byteLength: elements * width,
      offset,
      bigEndian: false, // written so by every machine
      read: (from, length) => source.read(offset + from, length),
    });
    at = offset + elements * width;
  }
  if (at !== source.size) return fail(`has ${source.size - at} bytes behind its last storage`);
  return { format: 'torch-legacy', source, root, runs };
}
