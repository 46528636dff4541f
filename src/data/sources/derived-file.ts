// A file in another form, made once and kept in the cache under the stamp of the original: what a data set packs so that no place
// inside it can be read by itself.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import { identity } from '../../base/identity.ts';
import { cacheFolder } from '../cache.ts';
import { fileStamp } from '../stored.ts';

/** Path of the other form; `make` writes it to the path it is given. Throws DataError where that fails. */
export async function derivedFile(
  path: string,
  form: string,
  make: (target: string) => Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), 'unpacked');
  const derived = join(folder, identity([form, await fileStamp(path)]));
  if (await stat(derived).catch(() => undefined)) return derived;
  const temporary = `${derived}.${randomUUID()}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    await make(temporary);
    await rename(temporary, derived);
    return derived;
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new DataError(`${path}: can't be unpacked: ${messageOf(cause).replace(`${path}: `, '')}`, { cause });
  }
}
