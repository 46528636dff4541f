// Safetensors files on disk: the header is read and checked, tensors are read one at a time where they lie; writing
// replaces a file whole.
import { type FileHandle, open, realpath, rename, rm } from 'node:fs/promises';
import { CheckpointError, messageOf } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { encodeSafetensors, headerLength, parseHeader, type SafetensorsHeader, tensorFrom } from './safetensors.ts';

export interface SafetensorsFile extends SafetensorsHeader {
  /** The file's real path: symbolic links resolved. */
  readonly path: string;
  /** Reads one tensor. Throws CheckpointError for an unknown name. */
  read(name: string): Promise<Tensor>;
}

async function readFully(handle: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new CheckpointError(`${path}: ended at byte ${offset + done}, ${length - done} short`);
    done += bytesRead;
  }
  return bytes;
}

/** Opens a file and checks its header. Throws CheckpointError. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  let handle: FileHandle;
  let real: string;
  try {
    real = await realpath(path);
    handle = await open(real, 'r');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CheckpointError(missing ? `${path}: no such file` : `${path}: can't be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CheckpointError(`${path}: is not a file`);
    const length = headerLength(path, await readFully(handle, path, 0, Math.min(8, stats.size)), stats.size);
    const header = parseHeader(path, await readFully(handle, path, 8, length), stats.size);
    return {
      ...header,
      path: real,
      async read(name) {
        const entry = header.tensors.get(name);
        if (!entry) throw new CheckpointError(`${path}: has no tensor ${name}`);
        const reader = await open(real, 'r');
        try {
          return tensorFrom(entry, await readFully(reader, path, entry.offset, entry.byteLength));
        } finally {
          await reader.close();
        }
      },
    };
  } finally {
    await handle.close();
  }
}

/** Writes a whole file, synced to disk, or leaves the old one. Rejects with the system's error. */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(encodeSafetensors(tensors, metadata));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
