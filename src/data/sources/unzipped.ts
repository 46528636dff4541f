// A gzipped file as one that can be read from anywhere inside: unpacked once into the cache, under the stamp of its contents.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError, messageOf } from '../../base/errors.ts';
import { identity } from '../../base/identity.ts';
import { cacheFolder } from '../cache.ts';
import { fileStamp } from '../stored.ts';

/** Ten times the largest set in such a file (EMNIST, 550 MB): more is a bomb. */
const maxUnpackedBytes = 6 * 2 ** 30;

function atMost(limit: number): Transform {
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      seen += chunk.length;
      if (seen > limit) done(new DataError(`unpacks to more than ${limit} bytes`));
      else done(null, chunk);
    },
  });
}

/** Path of the plain file: `path` itself, unless it ends in .gz. Throws DataError where it can't be unpacked. */
export async function unzipped(path: string): Promise<string> {
  if (!path.endsWith('.gz')) return path;
  const folder = join(cacheFolder(), 'unpacked');
  const plain = join(folder, identity(await fileStamp(path)));
  if (await stat(plain).catch(() => undefined)) return plain;
  const temporary = `${plain}.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await pipeline(createReadStream(path), createGunzip(), atMost(maxUnpackedBytes), createWriteStream(temporary));
    await rename(temporary, plain);
    return plain;
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new DataError(`${path}: can't be unpacked: ${messageOf(cause)}`, { cause });
  }
}
