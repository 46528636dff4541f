import { mkdir, mkdtemp, readdir, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import { openPack } from './cache.ts';
import { openDataset } from './sources/index.ts';

const geometry = { imageSize: [8, 8], resize: 'shortest', resizeTo: 8, interpolation: 'bicubic' } as const;
let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-pictures-'));
  folder = await mkdtemp(join(tmpdir(), 'vitune-cache-'));
  for (const [k, name] of ['a', 'b'].entries()) {
    await mkdir(join(root, name));
    for (let i = 0; i < 5; i++)
      await sharp({ create: { width: 12, height: 10, channels: 3, background: { r: 40 * i, g: 100 * k, b: 7 } } })
        .png()
        .toFile(join(root, name, `${i}.png`));
  }
});

const pictures = async () =>
  (await openDataset(root, { seed: 0, valFraction: 0, testFraction: 0, trainCount: 0 })).splits.train;
const open = async (strict = false, seen: number[] = []) =>
  openPack({ pictures: await pictures(), geometry, strict, folder, onProgress: (done) => seen.push(done) });

it('decodes once, and knows the pictures again', async () => {
  const first: number[] = [];
  const pack = await open(false, first);
  expect(first).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const out = new Uint8Array(2 * pack.bytesPerPicture);
  pack.copy(7, out, pack.bytesPerPicture);
  expect([...out.subarray(pack.bytesPerPicture, pack.bytesPerPicture + 3)]).toEqual([80, 100, 7]);
  const again: number[] = [];
  const second = await open(false, again);
  expect([again, second.fingerprint]).toEqual([[], pack.fingerprint]);
});

it('decodes anew what changed, and what was damaged', async () => {
  const pack = await open();
  await sharp({ create: { width: 9, height: 9, channels: 3, background: '#fff' } })
    .png()
    .toFile(join(root, 'a', '0.png'));
  expect((await open()).fingerprint).not.toBe(pack.fingerprint);
  for (const file of await readdir(join(folder, 'pictures')))
    if (file.endsWith('.u8')) await truncate(join(folder, 'pictures', file), 10);
  const seen: number[] = [];
  await open(false, seen);
  expect(seen.length).toBe(10);
});

it('names and leaves out what it can not read, or refuses', async () => {
  await writeFile(join(root, 'b', '3.png'), 'no picture');
  const pack = await open();
  expect(pack.pictures.map(({ name }) => name)).not.toContain('b/3.png');
  expect(pack.unreadable).toMatchObject([
    { name: 'b/3.png', reason: expect.stringMatching(/^b\/3\.png: can't be decoded/) },
  ]);
  await expect(open(true)).rejects.toThrow('--strict');
});
