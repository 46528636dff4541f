// Losses of processing and storage, and bent film.
import sharp from 'sharp';
import { decode, type Pixels } from '../decode.ts';
import { resize } from '../resize.ts';
import { type Corruption, floatCorruption } from './corruption.ts';
import { valueNoise } from './fields.ts';
import { addSampled, mapped, scaleOf } from './image.ts';

const contrast = floatCorruption(
  { name: 'contrast', group: 'digital', summary: 'values drawn towards the mean' },
  [0.4, 0.3, 0.2, 0.1, 0.05],
  (image, kept) => {
    const pixels = image.data.length / 3;
    const means = [0, 0, 0];
    image.data.forEach((value, at) => {
      means[at % 3]! += value / pixels;
    });
    return mapped(image, (value, at) => (value - means[at % 3]!) * kept + means[at % 3]!);
  },
);

const elastic = floatCorruption(
  { name: 'elastic', group: 'digital', summary: 'stretched and squeezed by a smooth field' },
  [3, 4.5, 6.5, 9, 12],
  (image, reach, rng) => {
    const { width, height } = image;
    const cell = Math.max(3, 22 * scaleOf(image));
    const far = reach * scaleOf(image);
    const [dx, dy] = [valueNoise(width, height, cell, rng), valueNoise(width, height, cell, rng)];
    const data = new Float32Array(image.data.length);
    addSampled(data, image, 1, (x, y) => [x + far * dx[y * width + x]!, y + far * dy[y * width + x]!]);
    return { ...image, data };
  },
);

const pixelateShares = [0.6, 0.5, 0.4, 0.3, 0.25] as const;
const pixelate: Corruption = {
  name: 'pixelate',
  group: 'digital',
  summary: 'few large pixels',
  apply(pixels, severity) {
    const share = pixelateShares[severity - 1]!;
    const [w, h] = [Math.max(1, Math.trunc(pixels.width * share)), Math.max(1, Math.trunc(pixels.height * share))];
    return resize(resize(pixels, w, h, 'box'), pixels.width, pixels.height, 'nearest');
  },
};

const jpegQualities = [25, 18, 15, 10, 7] as const;
const jpeg: Corruption = {
  name: 'jpeg',
  group: 'digital',
  summary: 'strong JPEG compression',
  async apply({ width, height, rgb }: Pixels, severity) {
    const bytes = await sharp(rgb, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: jpegQualities[severity - 1]! })
      .toBuffer();
    return decode('jpeg', bytes, 1);
  },
};

export const digital: readonly Corruption[] = [contrast, elastic, pixelate, jpeg];
