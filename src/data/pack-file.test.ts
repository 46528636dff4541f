// Packs on disk: pictures come back whole, whichever reader is used and in whatever order.
import { randomBytes } from 'node:crypto';
import { mkdtemp, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openOrderedReader, openReader, type PackIndex, writePack } from './pack-file.ts';

const count = 50;
const bytesPerPicture = 100_000; // ten to a window

async function pack() {
  const path = join(await mkdtemp(join(tmpdir(), 'vitune-pack-')), 'pack.u8');
  const pictures = Array.from({ length: count }, () => new Uint8Array(randomBytes(bytesPerPicture)));
  const index: PackIndex = await writePack(path, async (add) => {
    for (const picture of pictures) await add(picture);
    return { version: 1, unreadable: [], count, bytesPerPicture };
  });
  return { path, index, pictures };
}

it.each([
  ['openReader', (path: string) => openReader(path, bytesPerPicture)],
  ['openOrderedReader', openOrderedReader],
])('%s gives the pictures in any order, at any place', async (_, open) => {
  const { path, index, pictures } = await pack();
  const reader = open(path, index);
  const forwards = pictures.map((_, i) => i);
  for (const i of [...forwards, ...[...forwards].reverse(), 7, 49, 0, 12, 12]) {
    const out = new Uint8Array(bytesPerPicture + 2);
    reader.copy(i, out, 1);
    expect(Buffer.compare(out.subarray(1, -1), pictures[i]!)).toBe(0);
    expect([out[0], out.at(-1)]).toEqual([0, 0]);
  }
  reader.close();
});

it('openOrderedReader refuses a file that shrank, and gives nothing stale afterwards', async () => {
  const { path, index, pictures } = await pack();
  const reader = openOrderedReader(path, index);
  const out = new Uint8Array(bytesPerPicture);
  await truncate(path, 25 * bytesPerPicture);
  for (const i of [20, 20]) expect(() => reader.copy(i, out, 0)).toThrow(/was changed while in use/);
  reader.copy(3, out, 0);
  expect(Buffer.compare(out, pictures[3]!)).toBe(0);
  reader.close();
});
