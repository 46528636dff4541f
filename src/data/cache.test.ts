import { cp, mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeEach, expect, it } from 'vitest';
import { openPack, type PackOptions } from './cache.ts';
import { openDataset } from './open.ts';

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

const pictures = async (path = root) =>
  (await openDataset(path, { seed: 0, valFraction: 0, testFraction: 0, trainCount: 0 })).splits.train;
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

const packOf = async (change: Partial<PackOptions> = {}) =>
  openPack({ pictures: await pictures(), geometry, strict: false, folder, ...change });
const firstPixel = (pack: Awaited<ReturnType<typeof openPack>>) => {
  const out = new Uint8Array(pack.bytesPerPicture);
  pack.copy(0, out, 0);
  return [...out.subarray(0, 3)];
};

it('tells other bytes of equal size and age: archives set one time for all', async () => {
  const path = join(root, 'a', '0.png');
  const write = async (background: string) => {
    await sharp({ create: { width: 8, height: 8, channels: 3, background } })
      .tiff({ compression: 'none' })
      .toFile(path);
    await utimes(path, 1e9, 1e9);
  };
  await write('#f00');
  const red = await packOf();
  await write('#00f');
  const blue = await packOf();
  expect([firstPixel(red), firstPixel(blue)]).toEqual([
    [255, 0, 0],
    [0, 0, 255],
  ]);
  expect(blue.fingerprint).not.toBe(red.fingerprint);
});

it('knows the same pictures in another place', async () => {
  const pack = await packOf();
  const copy = await mkdtemp(join(tmpdir(), 'vitune-copy-'));
  await cp(root, copy, { recursive: true });
  const seen: number[] = [];
  const again = await packOf({ pictures: await pictures(copy), onProgress: (done) => void seen.push(done) });
  expect([again.fingerprint, seen]).toEqual([pack.fingerprint, []]);
});

it('is made by several at once without harm', async () => {
  const packs = await Promise.all([packOf(), packOf(), packOf(), packOf()]);
  expect(new Set(packs.map((pack) => pack.fingerprint)).size).toBe(1);
  for (const pack of packs) expect(firstPixel(pack)).toEqual([0, 0, 7]);
  expect((await readdir(join(folder, 'pictures'))).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

it('clears away what a killed process left, once it is a day old', async () => {
  await mkdir(join(folder, 'pictures'));
  for (const name of ['old.tmp', 'new.tmp']) await writeFile(join(folder, 'pictures', name), 'half');
  await utimes(join(folder, 'pictures', 'old.tmp'), 1e9, 1e9);
  await packOf();
  expect((await readdir(join(folder, 'pictures'))).filter((name) => name.endsWith('.tmp'))).toEqual(['new.tmp']);
});

it('holds pictures in memory where the disk takes none, and says so', async () => {
  const file = join(folder, 'file');
  await writeFile(file, 'no folder');
  const warnings: string[] = [];
  const pack = await packOf({ folder: file, onWarning: (line) => void warnings.push(line) });
  expect([firstPixel(pack), pack.pictures.length]).toEqual([[0, 0, 7], 10]);
  expect(warnings).toEqual([expect.stringMatching(/can't be kept here: .*; they stay in memory/)]);
});

it('refuses what fits neither the disk nor memory', async () => {
  const file = join(folder, 'file');
  await writeFile(file, 'no folder');
  const vast = { ...geometry, imageSize: [2 ** 20, 2 ** 20] } as const;
  await expect(packOf({ folder: file, geometry: vast, pictures: [(await pictures())[0]!] })).rejects.toThrow(
    /nor in memory, they take \d+ MiB/,
  );
});

it('names pictures that vanish between listing and reading', async () => {
  const listed = await pictures();
  await rm(join(root, 'a', '2.png'));
  const pack = await packOf({ pictures: listed });
  expect(pack.unreadable).toEqual([{ name: 'a/2.png', reason: 'a/2.png: no such file' }]);
  expect(pack.pictures.length).toBe(9);
});

it('refuses pictures that change while they are read', async () => {
  let turn = 0;
  const restless = (await pictures()).map((picture, i) =>
    i === 0 ? { ...picture, read: async () => Buffer.from(`no picture ${turn++}`) } : picture,
  );
  await expect(packOf({ pictures: restless })).rejects.toThrow('changed while they were read');
});
