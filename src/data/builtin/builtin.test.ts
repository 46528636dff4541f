import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../base/identity.ts';
import { contentHash } from '../content.ts';
import { type Listing, type Picture, splitNames } from '../dataset.ts';
import { decode } from '../decode.ts';
import { locateData } from '../locate.ts';
import { resize } from '../resize.ts';
import { openListing } from '../sources/index.ts';
import { builtinSets } from './index.ts';

interface Parts extends Listing {
  readonly splits: Readonly<Record<'train' | 'val' | 'test', readonly Picture[]>>;
}

async function open(name: string): Promise<Parts> {
  const listing = await openListing(name);
  const part = (split: string) => listing.parts.get(split) ?? [];
  return { ...listing, splits: { train: part('train'), val: part('val'), test: part('test') } };
}

/** SHA-256 over the bytes of some pictures. */
async function hashOf(pictures: readonly Picture[]): Promise<string> {
  const digest = createHash('sha256');
  for (const picture of pictures) digest.update(await picture.read());
  return digest.digest('hex').slice(0, 16);
}

interface Thumbnail {
  readonly name: string;
  readonly rgb: Uint8Array;
}

const thumbnails = (pictures: readonly Picture[]): Promise<Thumbnail[]> =>
  Promise.all(
    pictures.map(async ({ name, read }) => ({
      name,
      rgb: resize(await decode(name, await read(), 64), 16, 16, 'box').rgb,
    })),
  );

/** Pairs of different pictures that differ by less than 2 of 255 on average at 16 x 16 pixels, each once. */
function nearPairs(some: readonly Thumbnail[], others: readonly Thumbnail[]): [string, string][] {
  const pairs = new Map<string, [string, string]>();
  for (const a of some)
    for (const b of others) {
      const limit = 2 * a.rgb.length;
      let sum = 0;
      for (let k = 0; k < a.rgb.length && sum < limit; k++) sum += Math.abs(a.rgb[k]! - b.rgb[k]!);
      const pair: [string, string] = a.name < b.name ? [a.name, b.name] : [b.name, a.name];
      if (sum < limit && a.name !== b.name) pairs.set(pair.join(), pair);
    }
  return [...pairs.values()];
}

const rendered = builtinSets.filter(({ name }) => name !== 'emoji').map(({ name }) => name);

describe.each(rendered)('%s', (name) => {
  it('has 800, 200 and 1000 pictures, the classes in balance', async () => {
    const { splits, classes } = await open(name);
    expect(splitNames.map((split) => splits[split].length)).toEqual([800, 200, 1000]);
    for (const split of splitNames) {
      const counts = classes.map((_, label) => splits[split].filter((p) => p.label === label).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it('never shows one picture in two places', async () => {
    const { splits } = await open(name);
    const pictures = splitNames.flatMap((split) => splits[split]);
    const hashes = await Promise.all(pictures.map(async (picture) => contentHash(await picture.read())));
    expect(new Set(hashes).size).toBe(pictures.length);
    expect(new Set(await Promise.all(pictures.map((picture) => picture.stamp()))).size).toBe(pictures.length);
    expect(new Set(pictures.map((picture) => picture.name)).size).toBe(pictures.length);
  });

  it('shows nothing in test that is nearly in training', async () => {
    const { splits } = await open(name);
    const [test, train] = [splits.test.slice(0, 30), splits.train.slice(0, 60)];
    expect(nearPairs(await thumbnails(test), await thumbnails(train))).toEqual([]);
  });

  it('shows the same pictures first, however many are asked for', async () => {
    const [usual, more] = [await open(name), await open(`${name}:2000`)];
    expect([more.splits.train.length, more.splits.val.length]).toEqual([1600, 400]);
    for (const [ours, theirs] of [
      [usual.splits.train[799]!, more.splits.train[799]!],
      [usual.splits.val[0]!, more.splits.train[800]!],
    ] as const)
      expect(await hashOf([ours])).toBe(await hashOf([theirs]));
    await expect(open(`${name}:3`)).rejects.toThrow('training pictures, got 3');
  });

  it('decodes to lively pictures', async () => {
    const { splits } = await open(name);
    for (const picture of splits.train.slice(0, 8)) {
      const { rgb, width, height } = await decode(picture.name, await picture.read(), 64);
      expect([width, height]).toEqual([128, 128]);
      expect(new Set(rgb).size).toBeGreaterThan(20);
    }
  });
});

// A changed hash means changed pictures: raise the set's `version` with it, or old caches show the old ones.
it.each([
  ['textures', '1676b04e0c4404aa'],
  ['shapes/location', 'd118edd316102a68'],
  ['shapes/orientation', 'cd50e8c0c6a31128'],
  ['shapes/count', 'a7cc4fc8c8ae193b'],
  ['shapes/distance', '1724fe13c121ad92'],
  ['shapes/azimuth', '6131f29e8b373b9d'],
])('%s is drawn as it always was', async (name, hash) => {
  const { splits } = await open(name);
  expect(await hashOf([...splits.train.slice(0, 40), ...splits.test.slice(0, 40)])).toBe(hash);
});

describe('emoji', () => {
  it('has 800, 200 and all other pictures of noto, and three other hands', async () => {
    const { splits, parts, classes } = await open('emoji');
    expect(splitNames.map((split) => splits[split].length)).toEqual([800, 200, 290]);
    expect([...parts].slice(3).map(([name, pictures]) => [name, pictures.length])).toEqual([
      ['twemoji', 1283],
      ['openmoji', 1263],
      ['fluent-emoji-high-contrast', 1244],
    ]);
    for (const pictures of parts.values())
      expect(new Set(pictures.map(({ label }) => label)).size).toBe(classes.length);
  });

  it('always splits alike', async () => {
    const names = async (part: 'val' | 'test') => (await open('emoji')).splits[part].map(({ name }) => name);
    const hash = async (part: 'val' | 'test') => sha256((await names(part)).join('\n')).slice(0, 16);
    expect([await hash('val'), await hash('test')]).toEqual(['703309fbfb0ae460', 'bf6f9141817800eb']);
  });

  it('lists one of its shifted sets by name', async () => {
    const { parts, name, root } = await openListing('emoji/openmoji');
    expect([name, root, ...parts.keys(), parts.get('test')!.length]).toEqual([
      'emoji-openmoji',
      'emoji/openmoji',
      'test',
      1263,
    ]);
  });

  it('shows no drawing twice, but for the faces of clocks', async () => {
    const { splits } = await open('emoji');
    const [train, val, test] = [
      await thumbnails(splits.train),
      await thumbnails(splits.val),
      await thumbnails(splits.test),
    ];
    const pairs = [...nearPairs(val, train), ...nearPairs(test, [...train, ...val])];
    expect(pairs.length).toBe(10);
    for (const name of pairs.flat()) expect(name).toMatch(/travel-places\/\w+-(oclock|thirty)\.svg$/);
  });

  it('refuses more pictures than there are', async () => {
    await expect(open('emoji:1290')).rejects.toThrow(
      'data emoji: takes from 35 to 1283 training pictures of the 1290 that noto has, got 1290',
    );
  });
});

describe('names', () => {
  it('stay names, and paths become absolute', () => {
    expect(locateData('emoji')).toBe('emoji');
    for (const name of ['corruptions:shapes/count', 'corruptions@2:emoji:500', 'shapes/count:5000', 'emoji/twemoji'])
      expect(locateData(name)).toBe(name);
    expect(locateData('corruptions:photos')).toBe(`corruptions:${process.cwd()}/photos`);
    expect(locateData('photos')).toBe(`${process.cwd()}/photos`);
    expect(existsSync('src')).toBe(true);
    expect(locateData('src')).toBe(`${process.cwd()}/src`);
  });

  it('of suites stand for several sets', () => {
    expect(() => locateData('mini-vtab')).toThrow('is a suite; take its sets one by one: emoji, textures, shapes/');
  });

  it('that are nearly right are told the right one', () => {
    expect(() => locateData('shapes/cuont')).toThrow(
      'data shapes/cuont: no such folder and no built-in set; did you mean "shapes/count"?',
    );
  });
});
