// What a list of pictures is made of: a hash over every name, label and byte. Reading all bytes at each start would be slow,
// so the hash is remembered under the pictures' stamps, which tell a changed file without reading it.
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../base/identity.ts';
import type { Picture } from './dataset.ts';
import { inOrder } from './in-order.ts';
import { replaceFile } from './pack-file.ts';

/** Hex SHA-256 of a picture's bytes. */
export const contentHash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Stands where the hash of a picture would, if it can't be read at all. */
export const unreadable = 'unreadable';

/** A hash over one line a picture, fed in order. */
export interface ListHash {
  add(picture: Picture, value: string): void;
  /** Hex; ends the hash. */
  end(): string;
}

export function listHash(): ListHash {
  const digest = createHash('sha256');
  let separator = '';
  return {
    add({ name, label }, value) {
      digest.update(separator + canonicalJson([name, label, value]));
      separator = '\n';
    },
    end: () => digest.digest('hex'),
  };
}

/** Hash over one value a picture; `unreadable` stands where there is none, and the list is then not `whole`. */
async function hashOver(
  pictures: readonly Picture[],
  valueFor: (picture: Picture) => Promise<string>,
): Promise<{ hash: string; whole: boolean }> {
  const list = listHash();
  let whole = true;
  for await (const { item, result } of inOrder(pictures, (picture) => valueFor(picture).catch(() => unreadable))) {
    if (result === unreadable) whole = false;
    list.add(item, result);
  }
  return { hash: list.end(), whole };
}

/** Hex SHA-256 over names, labels and contents, in the given order. `folder` is where known stamps are kept. */
export async function fingerprintOf(pictures: readonly Picture[], folder: string): Promise<string> {
  const stamps = await hashOver(pictures, (picture) => picture.stamp());
  const known = join(folder, `${stamps.hash.slice(0, 32)}.known`);
  if (stamps.whole) {
    const text = await readFile(known, 'utf8').catch(() => '');
    if (/^[0-9a-f]{64}$/.test(text)) return text;
  }
  const contents = await hashOver(pictures, async (picture) => contentHash(await picture.read()));
  if (stamps.whole && contents.whole)
    // Only a shortcut: a folder that can't be written costs the time, nothing else.
    await mkdir(folder, { recursive: true })
      .then(() => replaceFile(known, contents.hash))
      .catch(() => undefined);
  return contents.hash;
}
