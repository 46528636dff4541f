// A gzipped file as one that can be read from anywhere inside.
import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../base/errors.ts';
import { derivedFile } from './derived-file.ts';

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
  return derivedFile(path, 'gunzip', (target) =>
    pipeline(createReadStream(path), createGunzip(), atMost(maxUnpackedBytes), createWriteStream(target)),
  );
}
