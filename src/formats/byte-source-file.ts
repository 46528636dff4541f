// A file on disk as a source of bytes. It is opened for each read, so nothing has to be closed.
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { CheckpointError, messageOf, VituneError } from '../base/errors.ts';
import { type ByteSource, checkRange } from './byte-source.ts';

export interface FileSource extends ByteSource {
  /** The file's real path: symbolic links resolved. */
  readonly path: string;
}

/** The system reads at most 2 GB at once. */
const maxReadBytes = 1 << 30;

async function readFully(handle: FileHandle, name: string, offset: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(length - done, maxReadBytes), offset + done);
    if (bytesRead === 0) throw new CheckpointError(`${name}: ended at byte ${offset + done}, ${length - done} short`);
    done += bytesRead;
  }
  return bytes;
}

/** The system's errors as one line. */
async function foreseen<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof VituneError) throw cause;
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new CheckpointError(missing ? `${name}: no such file` : `${name}: can't be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** Rejects with CheckpointError where there is no such file, or it is a folder, a pipe or a device. */
export async function openFileSource(name: string): Promise<FileSource> {
  return foreseen(name, async () => {
    const path = await realpath(name);
    const stats = await stat(path);
    if (!stats.isFile()) throw new CheckpointError(`${name}: is not a file`);
    const { size } = stats;
    return {
      name,
      size,
      path,
      read: (offset, length) =>
        foreseen(name, async () => {
          checkRange({ name, size }, offset, length);
          const handle = await open(path, 'r');
          try {
            return await readFully(handle, name, offset, length);
          } finally {
            await handle.close();
          }
        }),
    };
  });
}
