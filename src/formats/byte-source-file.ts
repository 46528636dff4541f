// A file on disk as a source of bytes. It is opened for each read, so nothing has to be closed.
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { CheckpointError, messageOf } from '../base/errors.ts';
import { type ByteSource, checkRange } from './byte-source.ts';

export interface FileSource extends ByteSource {
  /** The file's real path: symbolic links resolved. */
  readonly path: string;
}

async function readFully(handle: FileHandle, name: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) throw new CheckpointError(`${name}: ended at byte ${offset + done}, ${length - done} short`);
    done += bytesRead;
  }
  return bytes;
}

/** Throws CheckpointError where there is no such file, or it can't be opened. */
export async function openFileSource(name: string): Promise<FileSource> {
  let path: string;
  let handle: FileHandle;
  try {
    path = await realpath(name);
    handle = await open(path, 'r');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CheckpointError(missing ? `${name}: no such file` : `${name}: can't be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
  let size: number;
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new CheckpointError(`${name}: is not a file`);
    size = stats.size;
  } finally {
    await handle.close();
  }
  return {
    name,
    size,
    path,
    async read(offset, length) {
      checkRange({ name, size }, offset, length);
      const reader = await open(path, 'r');
      try {
        return await readFully(reader, name, offset, length);
      } finally {
        await reader.close();
      }
    },
  };
}
