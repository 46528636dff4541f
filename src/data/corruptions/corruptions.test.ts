import { describe, expect, it } from 'vitest';
import { sha256 } from '../../base/identity.ts';
import { stream } from '../../base/rng.ts';
import { testSets } from '../classes.ts';
import type { Picture } from '../dataset.ts';
import { decode, type Pixels } from '../decode.ts';
import { type OpenOptions, openDataset } from '../open.ts';
import { resize } from '../resize.ts';
import { openListing } from '../sources/index.ts';
import { corruptedPicture } from './corrupted.ts';
import { corruptionNamed, corruptions, type Severity, severities } from './index.ts';

const options: OpenOptions = { seed: 0, valFraction: 0.2, testFraction: 0, trainCount: 0 };
const side = 112;

/** Eight decoded pictures of 112 x 112. */
async function draw(): Promise<Pixels[]> {
  const pictures: Picture[] = [];
  for (const name of ['emoji', 'textures', 'shapes/count', 'shapes/location'])
    pictures.push(...(await openDataset(name, options)).splits.test.slice(20, 22));
  return Promise.all(
    pictures.map(async ({ name, read }) => resize(await decode(name, await read(), side), side, side, 'bilinear')),
  );
}
const examples = await draw();

const difference = (a: Pixels, b: Pixels) =>
  a.rgb.reduce((sum, byte, i) => sum + Math.abs(byte - b.rgb[i]!), 0) / a.rgb.length;

describe.each(corruptions)('$name', (corruption) => {
  const apply = (pixels: Pixels, severity: Severity, seed = 0) =>
    corruption.apply(pixels, severity, stream(seed, 'test'));

  it('changes pictures more with every severity, and never their size', async () => {
    const means: number[] = [];
    for (const severity of severities) {
      let sum = 0;
      for (const pixels of examples) {
        const changed = await apply(pixels, severity);
        expect([changed.width, changed.height, changed.rgb.length]).toEqual([
          pixels.width,
          pixels.height,
          pixels.rgb.length,
        ]);
        sum += difference(pixels, changed);
      }
      means.push(sum / 8);
    }
    expect(means[0]).toBeGreaterThan(0.5);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(means[4]! / means[0]!).toBeGreaterThan(1.3);
  });

  it('is the same for the same seed, and leaves its input alone', async () => {
    const [pixels] = examples;
    const before = sha256(pixels!.rgb);
    const [one, two] = [await apply(pixels!, 3), await apply(pixels!, 3)];
    expect(Buffer.compare(one.rgb, two.rgb)).toBe(0);
    expect(sha256(pixels!.rgb)).toBe(before);
  });

  it('works on a picture of a single pixel and on a strip', async () => {
    for (const [width, height] of [
      [1, 1],
      [40, 2],
    ] as const) {
      const rgb = new Uint8Array(width * height * 3).fill(120);
      expect((await apply({ width, height, rgb }, 5)).rgb.length).toBe(rgb.length);
    }
  });
});

describe('corruptions:DATA', () => {
  it('is DATA with 75 shifted test sets of its test pictures', async () => {
    const [plain, corrupted] = [await openDataset('emoji', options), await openDataset('corruptions:emoji', options)];
    expect(corrupted.shifts.size).toBe(75);
    const one = await openDataset('corruptions@2:emoji', { ...options, protocol: { name: 'robustness' } });
    expect([...one.shifts.keys()].slice(0, 4)).toEqual([
      'twemoji',
      'openmoji',
      'fluent-emoji-high-contrast',
      'gaussian-noise-2',
    ]);
    expect(one.shifts.size).toBe(3 + 15);
    const fog = corrupted.shifts.get('fog-2')!;
    expect(fog.map(({ label }) => label)).toEqual(plain.splits.test.map(({ label }) => label));
    const [first] = fog;
    const again = corruptedPicture(plain.splits.test[0]!, corruptionNamed('fog'), 2);
    expect(Buffer.compare(await first!.read(), await again.read())).toBe(0);
    expect(await first!.stamp()).toBe(`corruption:1:fog:2:${await plain.splits.test[0]!.stamp()}`);
    expect(
      Math.min(
        ...Object.values(await decode('fog', await first!.read(), 1))
          .slice(0, 2)
          .map(Number),
      ),
    ).toBe(224);
  });

  it('is listed as DATA, its copies beside it, wherever data is asked for', async () => {
    const [plain, corrupted] = [await openListing('shapes/count'), await openListing('corruptions@3:shapes/count')];
    expect([...corrupted.parts.keys()]).toEqual([...plain.parts.keys()]);
    const sets = testSets(corrupted);
    expect([...sets.keys()].slice(0, 2)).toEqual(['test', 'gaussian-noise-3']);
    expect([sets.size, sets.get('jpeg-3')!.length, testSets(plain).size]).toEqual([16, 1000, 1]);
  });

  it('names the corruption that was meant', () => {
    expect(() => corruptionNamed('frog')).toThrow('did you mean "fog"');
  });
});
