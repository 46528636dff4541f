import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { blackPng } from '../../test/support/png.ts';
import { decode } from './decode.ts';

const folder = new URL('../../test/fixtures/preprocess/', import.meta.url);
const image = async (name: string) => decode(name, await readFile(new URL(`images/${name}`, folder)), 32);
const decoded = async (name: string) => decode(name, await readFile(new URL(`decoded/${name}.png`, folder)), 32);
const pixel = (rgb: Uint8Array, i: number) => [...rgb.subarray(3 * i, 3 * i + 3)];

/** A 2 x 2 picture: red, green / blue, half-transparent black. */
const raw = Buffer.from([255, 0, 0, 255, 0, 255, 0, 255, 0, 0, 255, 255, 0, 0, 0, 128]);
const small = () => sharp(raw, { raw: { width: 2, height: 2, channels: 4 } });

describe('decode', () => {
  it.each(['gray_jpeg.jpg', 'progressive_444.jpg', 'bilevel.png'])('%s as Pillow does', async (name) => {
    const [own, theirs] = [await image(name), await decoded(name.split('.')[0]!)];
    expect([own.width, own.height]).toEqual([theirs.width, theirs.height]);
    expect(Buffer.compare(own.rgb, theirs.rgb)).toBe(0);
  });

  it('turns a picture as its EXIF orientation says', async () => {
    const [own, unturned] = [await image('exif_rotated.jpg'), await decoded('exif_rotated')];
    expect([own.width, own.height]).toEqual([unturned.height, unturned.width]);
  });

  it.each([
    [1, 'top left'],
    [2, 'top right'],
    [3, 'bottom right'],
    [4, 'bottom left'],
    [5, 'top left'],
    [6, 'top right'],
    [7, 'bottom right'],
    [8, 'bottom left'],
  ])('orientation %i: what was stored at the top left is %s', async (orientation, corner) => {
    const dark = { create: { width: 8, height: 8, channels: 3, background: '#000' } } as const;
    const bytes = await sharp({ create: { width: 24, height: 16, channels: 3, background: '#fff' } })
      .composite([{ input: dark, left: 0, top: 0 }])
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer();
    const { width, height, rgb } = await decode('o.jpg', bytes, 16);
    expect([width, height]).toEqual(orientation < 5 ? [24, 16] : [16, 24]);
    const corners: Record<string, number> = {
      'top left': 0,
      'top right': width - 1,
      'bottom left': (height - 1) * width,
      'bottom right': height * width - 1,
    };
    const isDark = Object.entries(corners).filter(([, at]) => rgb[3 * at]! < 50);
    expect(isDark.map(([name]) => name)).toEqual([corner]);
  });

  it('lays transparency on white, in every format that has it', async () => {
    for (const bytes of [
      await small().png().toBuffer(),
      await small().webp({ lossless: true }).toBuffer(),
      await small().tiff({ compression: 'lzw' }).toBuffer(),
    ]) {
      const { rgb } = await decode('alpha', bytes, 2);
      expect(pixel(rgb, 0)).toEqual([255, 0, 0]);
      expect(pixel(rgb, 3)).toEqual([127, 127, 127]);
    }
    const { rgb } = await image('palette_trns.png');
    expect(rgb.length % 3).toBe(0);
  });

  it('reads grey with alpha, 16 bits and CMYK as 8-bit RGB', async () => {
    for (const name of ['gray_alpha.png', 'gray16.png', 'cmyk.jpg']) {
      const { width, height, rgb } = await image(name);
      expect(rgb.length).toBe(width * height * 3);
    }
    const sixteen = await image('gray16.png');
    expect(new Set(sixteen.rgb).size).toBeGreaterThan(10); // scaled, not clipped
  });

  it('takes the first frame of an animation', async () => {
    const frames = Buffer.concat([Buffer.alloc(12, 255), Buffer.alloc(12, 0)]); // white, then black, 2 x 2
    const gif = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
      .gif({ delay: [100, 100] })
      .toBuffer();
    const { height, rgb } = await decode('a.gif', gif, 2);
    expect([height, ...new Set(rgb)]).toEqual([2, 255]);
  });

  it('reads AVIF', async () => {
    const avif = await sharp({ create: { width: 16, height: 16, channels: 3, background: '#f00' } })
      .avif({ lossless: true })
      .toBuffer();
    expect(pixel((await decode('a.avif', avif, 2)).rgb, 0)[0]).toBeGreaterThan(250);
  });

  it('draws an SVG at least as large as wanted', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="8" height="8"><rect width="4" height="8" fill="#f00"/></svg>',
    );
    const { width, height, rgb } = await decode('a.svg', svg, 64);
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(64);
    expect(pixel(rgb, 0)).toEqual([255, 0, 0]);
    expect(pixel(rgb, width - 1)).toEqual([255, 255, 255]);
  });

  it('draws an SVG that is zipped, marked as UTF-8, or shows a picture of its own', async () => {
    const svg = (inner: string) =>
      Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" width="8" height="8">${inner}</svg>`);
    const red = svg('<rect width="8" height="8" fill="#f00"/>');
    const data = (
      await sharp({ create: { width: 8, height: 8, channels: 3, background: '#f00' } })
        .png()
        .toBuffer()
    ).toString('base64');
    for (const bytes of [
      gzipSync(red),
      Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), red]),
      svg(`<a href="https://example.org"><image href="data:image/png;base64,${data}" width="8" height="8"/></a>`),
      svg('<defs><rect id="r" width="8" height="8" fill="#f00"/></defs><use href="#r"/>'),
    ]) {
      const { width, rgb } = await decode('a.svg', bytes, 64);
      expect([width, ...pixel(rgb, 64 * 32 + 32)]).toEqual([64, 255, 0, 0]);
    }
  });

  it('scales 16 bits to 8', async () => {
    const sixteen = Uint16Array.from([65535, 32768, 256, 255, 0, 50118]);
    const png = await sharp(sixteen, { raw: { width: 2, height: 1, channels: 3 } })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect([...(await decode('16.png', png, 1)).rgb]).toEqual([255, 128, 1, 0, 0, 195]);
  });
});

describe('decode refuses, in one line that names the picture,', () => {
  const message = async (name: string, bytes: Uint8Array) =>
    await decode(name, bytes, 32).then(
      () => 'no error',
      (error: Error) => error.message,
    );

  it('an empty file', async () => {
    expect(await message('zero.png', new Uint8Array())).toBe('zero.png: is an empty file');
  });
  it('text', async () => {
    expect(await message('text.jpg', Buffer.from('hello, I am no picture'))).toMatch(
      /^text\.jpg: can't be decoded: [^\n]+$/,
    );
  });
  it('a truncated picture', async () => {
    const whole = await readFile(new URL('images/progressive_444.jpg', folder));
    expect(await message('cut.jpg', whole.subarray(0, 4000))).toMatch(/^cut\.jpg: can't be decoded/);
    const png = await readFile(new URL('decoded/odd_crop.png', folder));
    expect(await message('cut.png', png.subarray(0, 3000))).toMatch(/^cut\.png: can't be decoded/);
  });
  it.each(['jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('a truncated %s', async (format) => {
    const noise = Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24));
    const whole = await sharp(noise, { raw: { width: 64, height: 48, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    expect((await decode('whole', whole, 32)).width).toBe(64);
    expect(await message('cut', whole.subarray(0, Math.floor(whole.length * 0.9)))).toMatch(
      /^cut: can't be decoded: [^\n]+$/,
    );
  });
  it.each([
    ['a file', '<image xlink:href="file:///tmp/red.png" width="8" height="8"/>'],
    ['a neighbour', '<image width="8" href="red.png"/>'],
    ['an address', '<image href="https://example.org/red.png"/>'],
    ['a style sheet', '<style>@import url("other.css");</style>'],
    ['another drawing', '<use href="other.svg#part"/>'],
  ])('a drawing that shows %s, as that would be a blank', async (_, inner) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="8" height="8">${inner}</svg>`;
    expect(await message('a.svg', Buffer.from(svg))).toMatch(/^a\.svg: refers to \S+ outside of it; only drawings/);
  });
  it('a picture of 900 megapixels, without making room for it', async () => {
    const bomb = blackPng(30_000, 30_000);
    const before = process.memoryUsage().rss;
    expect(await message('bomb.png', bomb)).toMatch(/^bomb\.png: can't be decoded: .*pixel/i);
    expect(process.memoryUsage().rss - before).toBeLessThan(500e6);
  });
});
