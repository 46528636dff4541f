// VTAB-1k's layout from a full set, and back through the source that reads it.
import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { namesOf, pixelHash } from '../../test/support/openers.ts';
import { stream } from '../base/rng.ts';
import type { Picture } from './dataset.ts';
import { openDataset } from './open.ts';
import { openListing } from './sources/index.ts';
import { drawVtab1k, prepareVtab1k } from './vtab-layout.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-vtab-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  await mkdir(join(root, 'full'));
  // An IDX set of 8 x 8 pictures: a thousand of them are 64 kB.
  for (const [split, count] of [
    ['train', 1100],
    ['t10k', 30],
  ] as const) {
    const rng = stream(0, split);
    const header = (...sizes: number[]) => {
      const bytes = Buffer.alloc(4 + 4 * sizes.length);
      bytes[2] = 8;
      bytes[3] = sizes.length;
      sizes.forEach((size, i) => void bytes.writeUInt32BE(size, 4 + 4 * i));
      return bytes;
    };
    const pixels = Uint8Array.from({ length: 64 * count }, () => rng.below(256));
    const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
    await writeFile(join(root, 'full', `${split}-images-idx3-ubyte`), Buffer.concat([header(count, 8, 8), pixels]));
    await writeFile(join(root, 'full', `${split}-labels-idx1-ubyte`), Buffer.concat([header(count), labels]));
  }
});

const options = { seed: 0, testFraction: 0.15 };

it('has 800, 200 and all test pictures, each as it was', async () => {
  const out = join(root, 'vtab');
  const full = await openListing(join(root, 'full'));
  expect(await prepareVtab1k(full, out, options)).toEqual({ train800: 800, val200: 200, test: 30 });
  expect((await readdir(out)).sort()).toEqual([
    'classnames.txt',
    'images',
    'test.txt',
    'train800.txt',
    'train800val200.txt',
    'val200.txt',
  ]);
  const listing = await openListing(out);
  expect([listing.rule, listing.classes]).toEqual(['lists', ['0', '1', '2', '3']]);
  const hashes = (pictures: readonly Picture[] | undefined) =>
    Promise.all(pictures!.map(async (picture) => `${picture.label} ${await pixelHash(picture)}`));
  const all = new Set(await hashes(full.parts.get('train')));
  const drawn = await hashes(listing.parts.get('train800val200'));
  expect([drawn.length, new Set(drawn).size, drawn.filter((hash) => !all.has(hash)).length]).toEqual([1000, 1000, 0]);
  expect(await hashes(listing.parts.get('test'))).toEqual(await hashes(full.parts.get('test')));
  const split = { seed: 0, valFraction: 0.15, testFraction: 0.15, trainCount: 0 };
  const { splits } = await openDataset(out, { ...split, protocol: { name: 'vtab-1k', round: 'tune' } });
  expect([splits.train.length, splits.val.length, splits.test.length]).toEqual([800, 200, 0]);
});

it('draws the same for the same seed, and else others', async () => {
  const full = await openListing(join(root, 'full'));
  const drawn = (seed: number) => namesOf(drawVtab1k(full, { ...options, seed }).train800).join();
  const first = drawn(0);
  expect([drawn(0) === first, drawn(1) === first]).toEqual([true, false]);
});

it('needs a thousand pictures and an empty folder', async () => {
  const full = await openListing(join(root, 'full'));
  await expect(prepareVtab1k(full, root, options)).rejects.toThrow('is not empty; give a new folder');
  const few = { ...full, parts: new Map([...full.parts].map(([part, held]) => [part, held.slice(0, 500)])) };
  await expect(prepareVtab1k(few, join(root, 'few'), options)).rejects.toThrow(
    "has 500 training pictures; VTAB-1k's layout needs 1000",
  );
});
