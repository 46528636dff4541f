// The files of a trial in the store: written in parts, so that no statement has more than one, and read part by part.
import type { Kysely, Transaction } from 'kysely';
import { sha256 } from '../base/identity.ts';
import type { Tables } from './db/tables.ts';

/** A file of a trial, e.g. its adapter, with the hash of all of it. */
export interface Artifact {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

/** Bytes of a part. Embedded, a statement's memory is some ten times as much, and the database never gives it back. */
const partBytes = 8 * 2 ** 20;

/** Keeps a trial's files, by name. */
export async function writeArtifacts(
  tx: Transaction<Tables>,
  trial: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  for (const [name, all] of Object.entries(files)) {
    const file = { trial, name, sha256: sha256(all) };
    for (let part = 0; part === 0 || part * partBytes < all.length; part++) {
      const bytes = all.subarray(part * partBytes, (part + 1) * partBytes);
      await tx
        .insertInto('artifact')
        .values({ ...file, part, bytes })
        .execute();
    }
  }
}

/** One file of a trial; undefined where it isn't kept. Files never change, so parts need no transaction. */
export async function readArtifact(kysely: Kysely<Tables>, trial: string, name: string): Promise<Artifact | undefined> {
  const own = kysely.selectFrom('artifact').where('trial', '=', trial).where('name', '=', name);
  const parts = await own.select(['part', 'sha256']).orderBy('part').execute();
  if (parts.length === 0) return undefined;
  const bytes: Uint8Array[] = [];
  for (const { part } of parts)
    bytes.push((await own.where('part', '=', part).select('bytes').executeTakeFirstOrThrow()).bytes);
  return { name, sha256: parts[0]!.sha256, bytes: bytes.length === 1 ? bytes[0]! : Buffer.concat(bytes) };
}

/** All files of a trial, by name. */
export async function readArtifacts(kysely: Kysely<Tables>, trial: string): Promise<Artifact[]> {
  const names = await kysely
    .selectFrom('artifact')
    .where('trial', '=', trial)
    .where('part', '=', 0)
    .select('name')
    .orderBy('name')
    .execute();
  const all: Artifact[] = [];
  for (const { name } of names) all.push((await readArtifact(kysely, trial, name))!);
  return all;
}
