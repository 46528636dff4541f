// Where the files of a tar archive lie: one walk over its headers, which skips what is between them.
import { type FileHandle, open } from 'node:fs/promises';
import { DataError, messageOf } from '../../base/errors.ts';
import { parsePax, parseTarHeader, tarBlock } from '../../formats/tar.ts';

export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** The file itself, where it was asked for. */
  readonly contents?: Uint8Array;
}

/** Long names, pax records and labels are a few hundred bytes. */
const maxRecordBytes = 2 ** 20;
/** Read at once: headers and small files beside each other cost one question to the disk. */
const windowBytes = 2 ** 16;

/** Reads here and there, mostly forwards, through one window. */
function windowOn(file: FileHandle, total: number) {
  let held = new Uint8Array();
  let start = 0;
  return async (at: number, length: number): Promise<Uint8Array> => {
    if (at + length > total) throw new DataError('ends inside a header; it was cut off');
    if (at < start || at + length > start + held.length) {
      const next = new Uint8Array(Math.min(Math.max(length, windowBytes), total - at));
      let done = 0;
      while (done < next.length) {
        const { bytesRead } = await file.read(next, done, next.length - done, at + done);
        if (bytesRead === 0) throw new DataError('changed while it was read; run again');
        done += bytesRead;
      }
      [held, start] = [next, at];
    }
    return held.subarray(at - start, at - start + length);
  };
}

/**
 * Files in an archive, in its order, with the contents of those that `wanted` names. `where` names the archive in errors.
 * Throws DataError for a damaged one.
 */
export async function* tarEntries(
  where: string,
  path: string,
  wanted: (name: string) => boolean,
): AsyncGenerator<TarEntry> {
  const file = await open(path).catch((cause: unknown) => {
    throw new DataError(`data ${where}: can't be read: ${messageOf(cause)}`, { cause });
  });
  try {
    const { size: total } = await file.stat();
    const read = windowOn(file, total);
    const small = (name: string, offset: number, size: number) => {
      if (size > maxRecordBytes)
        throw new DataError(`${name} is ${size} bytes long; at most ${maxRecordBytes} are read`);
      return read(offset, size);
    };
    let next: { path?: string; size?: number } = {};
    for (let at = 0; at < total; ) {
      const header = parseTarHeader(await read(at, tarBlock));
      if (header === undefined) return;
      const offset = at + tarBlock;
      const size = next.size ?? header.size;
      if (offset + size > total) throw new DataError(`ends inside ${header.name}; it was cut off`);
      at = offset + Math.ceil(size / tarBlock) * tarBlock;
      if (header.type === 'L' || header.type === 'x') {
        const record = await small('a name', offset, size);
        if (header.type === 'x') next = { ...next, ...parsePax(record) };
        else next = { ...next, path: new TextDecoder().decode(record).replace(/\0.*$/s, '') };
        continue;
      }
      const name = (next.path ?? header.name).replace(/^(\.\/)+/, '');
      next = {};
      if (header.type !== '0' && header.type !== '7') continue;
      if (name.startsWith('/') || name.split('/').includes('..'))
        throw new DataError(`has an entry that leads out of it: ${name.slice(0, 80)}`);
      yield wanted(name)
        ? { name, offset, size, contents: (await small(name, offset, size)).slice() }
        : { name, offset, size };
    }
  } catch (cause) {
    throw new DataError(`data ${where}: ${messageOf(cause)}`, { cause });
  } finally {
    await file.close();
  }
}
