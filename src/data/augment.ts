// Random changes of a training picture, drawn from the stream of (seed, epoch, picture): a resumed run draws the same.
import type { Interpolation } from '../base/preprocessing.ts';
import { type Rng, stream } from '../base/rng.ts';
import type { Pixels } from './decode.ts';
import { resize } from './resize.ts';
import { crop } from './transform.ts';

export interface Augmentation {
  /** Mirror half of the pictures. */
  readonly flip: boolean;
  /** Train on random parts of 8 % to 100 % of the area, aspect ratio 3:4 to 4:3 (Szegedy et al. 2015). */
  readonly randomResizedCrop: boolean;
  readonly interpolation: Interpolation;
}

function mirrored({ width, height, rgb }: Pixels): Pixels {
  const out = new Uint8Array(rgb.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const to = (y * width + (width - 1 - x)) * 3;
      out[to] = rgb[from]!;
      out[to + 1] = rgb[from + 1]!;
      out[to + 2] = rgb[from + 2]!;
    }
  return { width, height, rgb: out };
}

function randomPart(pixels: Pixels, rng: Rng): Pixels {
  const area = pixels.width * pixels.height;
  for (let attempt = 0; attempt < 10; attempt++) {
    const target = area * (0.08 + 0.92 * rng.uniform());
    const ratio = Math.exp(Math.log(3 / 4) + Math.log(16 / 9) * rng.uniform());
    const w = Math.round(Math.sqrt(target * ratio));
    const h = Math.round(Math.sqrt(target / ratio));
    if (w >= 1 && h >= 1 && w <= pixels.width && h <= pixels.height)
      return crop(pixels, rng.below(pixels.width - w + 1), rng.below(pixels.height - h + 1), w, h);
  }
  return pixels;
}

/** The picture as epoch `epoch` sees it, at `height` x `width`. */
export function augment(
  pixels: Pixels,
  size: readonly [height: number, width: number],
  options: Augmentation,
  at: { readonly seed: number; readonly epoch: number; readonly index: number },
): Uint8Array {
  const rng = stream(at.seed, 'augment', at.epoch, at.index);
  const flip = options.flip && rng.uniform() < 0.5;
  const part = options.randomResizedCrop ? randomPart(pixels, rng) : pixels;
  const sized = resize(part, size[1], size[0], options.interpolation);
  return (flip ? mirrored(sized) : sized).rgb;
}
