// Safetensors files on disk: the header is read and checked, tensors are read one at a time where they lie; writing
// replaces a file whole.
import { open, rename, rm } from 'node:fs/promises';
import { CheckpointError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { openFileSource } from './byte-source-file.ts';
import { tensorFrom } from './elements.ts';
import { encodeSafetensors, readHeader, type SafetensorsHeader } from './safetensors.ts';

export interface SafetensorsFile extends SafetensorsHeader {
  /** The file's real path: symbolic links resolved. */
  readonly path: string;
  /** Reads one tensor. Throws CheckpointError for an unknown name. */
  read(name: string): Promise<Tensor>;
}

/** Opens a file and checks its header. Throws CheckpointError. */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await openFileSource(path);
  const header = await readHeader(source);
  return {
    ...header,
    path: source.path,
    async read(name) {
      const entry = header.tensors.get(name);
      if (!entry) throw new CheckpointError(`${path}: has no tensor ${name}`);
      return tensorFrom(entry, await source.read(entry.offset, entry.byteLength));
    },
  };
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
