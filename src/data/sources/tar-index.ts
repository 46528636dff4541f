// Where the files of a tar archive lie: one walk over its headers, which skips what is between them.
import { open } from 'node:fs/promises';
import { DataError, messageOf } from '../../base/errors.ts';
import { parsePax, parseTarHeader, tarBlock } from '../../formats/tar.ts';

export interface TarEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** Long names and pax records are a few hundred bytes. */
const maxRecordBytes = 2 ** 20;

/** Files in an archive, in its order. `where` names it in errors. Throws DataError for a damaged one. */
export async function* tarEntries(where: string, path: string): AsyncGenerator<TarEntry> {
  const file = await open(path).catch((cause: unknown) => {
    throw new DataError(`data ${where}: can't be read: ${messageOf(cause)}`, { cause });
  });
  try {
    const { size: total } = await file.stat();
    const block = new Uint8Array(tarBlock);
    let next: { path?: string; size?: number } = {};
    for (let at = 0; at < total; ) {
      const { bytesRead } = await file.read(block, 0, tarBlock, at);
      if (bytesRead < tarBlock) throw new DataError('ends inside a header; it was cut off');
      const header = parseTarHeader(block);
      if (header === undefined) return;
      const offset = at + tarBlock;
      const size = next.size ?? header.size;
      if (offset + size > total) throw new DataError(`ends inside ${header.name}; it was cut off`);
      at = offset + Math.ceil(size / tarBlock) * tarBlock;
      if (header.type === 'L' || header.type === 'x') {
        if (size > maxRecordBytes)
          throw new DataError(`has a name of ${size} bytes; at most ${maxRecordBytes} are read`);
        const record = new Uint8Array(size);
        await file.read(record, 0, size, offset);
        if (header.type === 'x') next = { ...next, ...parsePax(record) };
        else next = { ...next, path: new TextDecoder().decode(record).replace(/\0.*$/s, '') };
        continue;
      }
      const name = (next.path ?? header.name).replace(/^(\.\/)+/, '');
      next = {};
      if (header.type !== '0' && header.type !== '7') continue;
      if (name.startsWith('/') || name.split('/').includes('..'))
        throw new DataError(`has an entry that leads out of it: ${name.slice(0, 80)}`);
      yield { name, offset, size };
    }
  } catch (cause) {
    throw new DataError(`data ${where}: ${messageOf(cause)}`, { cause });
  } finally {
    await file.close();
  }
}
