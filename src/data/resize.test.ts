import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../base/identity.ts';
import type { Interpolation } from '../base/preprocessing.ts';
import { openSafetensors } from '../formats/safetensors-file.ts';
import { decode } from './decode.ts';
import { resize } from './resize.ts';
import { type Geometry, transform } from './transform.ts';

const folder = new URL('../../test/fixtures/preprocess/', import.meta.url);
const expected = await openSafetensors(new URL('expected.safetensors', folder).pathname);
const square: Geometry = {
  imageSize: [32, 32],
  resize: 'exact',
  resizeTo: 32,
  cropOffset: 'half_even',
  interpolation: 'bicubic',
};
const geometries: Readonly<Record<string, Geometry>> = {
  vtab_imagenet: square,
  timm_eval_squash: square,
  'timm_eval_0.9': { ...square, resize: 'shortest', resizeTo: 35 },
  'timm_eval_1.0': { ...square, resize: 'shortest' },
  hf_vit_pil: { ...square, interpolation: 'bilinear' },
};

describe('transform equals Pillow, to the last bit', () => {
  it.each([...expected.tensors.keys()])('%s', async (key) => {
    const [name, picture] = key.split('/') as [string, string];
    const pixels = await decode(picture, await readFile(new URL(`decoded/${picture}.png`, folder)), 32);
    expect(Buffer.compare(transform(pixels, geometries[name]!), (await expected.read(key)).data as Uint8Array)).toBe(0);
  });
});

interface FilterCase {
  readonly width: number;
  readonly height: number;
  readonly rgb: string;
  readonly results: readonly { filter: Interpolation; width: number; height: number; sha256: string }[];
}
const cases: readonly FilterCase[] = JSON.parse(await readFile(new URL('filters.json', folder), 'utf8'));

describe('every filter equals Pillow, to the last bit', () => {
  it.each(
    cases.flatMap(({ results, width, height, rgb }) =>
      results.map((result) => ({
        ...result,
        name: `${width} x ${height} -> ${result.width} x ${result.height} ${result.filter}`,
        pixels: { width, height, rgb: new Uint8Array(Buffer.from(rgb, 'base64')) },
      })),
    ),
  )('$name', ({ pixels, width, height, filter, sha256: expectedHash }) => {
    expect(sha256(resize(pixels, width, height, filter).rgb)).toBe(expectedHash);
  });
});

it('keeps a plain picture plain, whatever the filter', async () => {
  const grey = { width: 7, height: 5, rgb: new Uint8Array(7 * 5 * 3).fill(77) };
  for (const filter of ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const)
    for (const [w, h] of [
      [3, 3],
      [20, 11],
    ] as const)
      expect(new Set(resize(grey, w, h, filter).rgb)).toEqual(new Set([77]));
});

it('takes nearest pixels as Pillow does', () => {
  const row = { width: 4, height: 1, rgb: Uint8Array.from([0, 1, 2, 3].flatMap((v) => [v, v, v])) };
  expect([...resize(row, 2, 1, 'nearest').rgb]).toEqual([1, 1, 1, 3, 3, 3]);
});

it('decodes large pictures without the decoder shrinking them first', async () => {
  const bytes = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#123456' } })
    .png()
    .toBuffer();
  expect(await decode('large.png', bytes, 32)).toMatchObject({ width: 300, height: 200 });
});
