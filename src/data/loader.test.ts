// Threads against the main thread: the same bits, the same complaints.
import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPack, type Pack } from './cache.ts';
import type { Picture } from './dataset.ts';
import { createDecoder, decodeThreads } from './decoder.ts';
import { createPrefetch } from './prefetch.ts';
import { openListing } from './sources/index.ts';
import { startThreads } from './threads.ts';
import { type ViewOptions, viewOf } from './view.ts';

const geometry = { imageSize: [48, 32], resize: 'shortest', resizeTo: 50, interpolation: 'bicubic' } as const;
let root: string;
let pictures: Picture[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-loader-'));
  pictures = (await openListing('shapes/location')).parts.get('train')!.slice(0, 80);
});
afterAll(() => rm(root, { recursive: true }));

async function packed(threads: string, folder: string): Promise<Pack & { bytes: Buffer; progress: number[] }> {
  process.env.VITUNE_DECODE_THREADS = threads;
  const progress: number[] = [];
  const broken: Picture = { ...pictures[7]!, read: async () => Buffer.from('<svg') };
  const gone: Picture = { ...pictures[8]!, read: () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })) };
  const all = pictures.map((picture, i) => (i === 7 ? broken : i === 8 ? gone : picture));
  const pack = await openPack({
    pictures: all,
    geometry,
    strict: false,
    folder: join(root, folder),
    onProgress: (done) => void progress.push(done),
  });
  delete process.env.VITUNE_DECODE_THREADS;
  const bytes = Buffer.alloc(pack.pictures.length * pack.bytesPerPicture);
  for (let i = 0; i < pack.pictures.length; i++) pack.copy(i, bytes, i * pack.bytesPerPicture);
  return { ...pack, bytes, progress };
}

describe('decoding', () => {
  it('in threads gives what the main thread gives, in order, unreadable ones left out', async () => {
    const [here, there] = [await packed('0', 'here'), await packed('2', 'there')];
    expect(there.progress).toEqual(Array.from({ length: 80 }, (_, i) => i + 1));
    expect(Buffer.compare(here.bytes, there.bytes)).toBe(0);
    expect(here.pictures.length).toBe(78);
    expect(there.fingerprint).toBe(here.fingerprint);
    expect(there.unreadable).toEqual(here.unreadable);
    expect(here.unreadable.map(({ reason }) => reason.split(':')[1])).toEqual([" can't be decoded", ' no such file']);
  });

  it('starts threads where there are enough pictures', () => {
    expect(decodeThreads(63)).toBe(0);
    expect(decodeThreads(64)).toBeGreaterThanOrEqual(1);
  });

  it('tells when a thread died', async () => {
    const decoder = createDecoder(1);
    decoder.close();
    const orphan = decoder.prepare(pictures[0]!, geometry);
    await expect(orphan).rejects.toThrow('data: the thread decode-worker stopped');
    await expect(startThreads('no-worker', 1, undefined).ask(1)).rejects.toThrow('the thread no-worker stopped');
  });
});

describe('prefetching', () => {
  const options = (pack: Pack): ViewOptions => ({
    bytesPerPicture: pack.bytesPerPicture,
    held: geometry.imageSize,
    wanted: [24, 16],
    augmentation: { flip: true, randomResizedCrop: true, interpolation: 'bicubic' },
    seed: 3,
  });

  it('gives what is read in place, for lists that were expected, once', async () => {
    const pack = await packed('0', 'ahead');
    const prefetch = createPrefetch({ path: pack.path!, options: options(pack) });
    const indices = [5, 0, 77, 31];
    prefetch.expect(indices, 2);
    prefetch.expect(indices, 2);
    expect(prefetch.take(indices, 1)).toBeUndefined();
    const ready = await prefetch.take(indices, 2);
    const view = viewOf(pack, options(pack));
    const expected = new Uint8Array(indices.length * 24 * 16 * 3);
    for (const [i, index] of indices.entries()) view(index, 2, expected, i * 24 * 16 * 3);
    expect(Buffer.compare(ready!, expected)).toBe(0);
    expect(prefetch.take(indices, 2)).toBeUndefined();
    prefetch.close();
  });

  it('tells of a pack that was changed while in use', async () => {
    const pack = await packed('0', 'changed');
    const prefetch = createPrefetch({ path: pack.path!, options: options(pack) });
    await truncate(pack.path!, 100);
    prefetch.expect([3], 0);
    await expect(prefetch.take([3], 0)).rejects.toThrow('was changed while in use');
    prefetch.close();
  });
});
