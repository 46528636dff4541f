// A decoded picture -> the bytes that enter the network: resize and crop as torchvision and timm do. Normalisation happens
// inside the graph, so pictures stay bytes.
import type { Preprocessing } from '../base/preprocessing.ts';
import type { Pixels } from './decode.ts';
import { resize } from './resize.ts';

/** Python's round: halves go to the even number. torchvision's centre crop uses it. */
function roundHalfEven(x: number): number {
  const low = Math.floor(x);
  return x - low === 0.5 ? (low % 2 === 0 ? low : low + 1) : Math.round(x);
}

/** A rectangle of a picture; all of it must lie inside. */
export function crop({ width, rgb }: Pixels, left: number, top: number, w: number, h: number): Pixels {
  const out = new Uint8Array(w * h * 3);
  for (let y = 0; y < h; y++) {
    const start = ((top + y) * width + left) * 3;
    out.set(rgb.subarray(start, start + w * 3), y * w * 3);
  }
  return { width: w, height: h, rgb: out };
}

export type Geometry = Pick<Preprocessing, 'imageSize' | 'resize' | 'resizeTo' | 'interpolation'>;

/** The same geometry with `factor` times the pixels a side: what random crops are cut from. */
export const enlarged = (g: Geometry, factor: number): Geometry => ({
  ...g,
  imageSize: [g.imageSize[0] * factor, g.imageSize[1] * factor],
  resizeTo: g.resizeTo * factor,
});

/** Resizes and crops to `imageSize`. Returns height x width x 3 bytes. */
export function transform(pixels: Pixels, geometry: Geometry): Uint8Array {
  const [height, width] = geometry.imageSize;
  const { interpolation, resizeTo } = geometry;
  if (geometry.resize === 'exact') return resize(pixels, width, height, interpolation).rgb;
  // torchvision: the longer side is cut to a whole number, not rounded.
  const long = Math.max(
    Math.trunc((resizeTo * Math.max(pixels.width, pixels.height)) / Math.min(pixels.width, pixels.height)),
    resizeTo,
  );
  const [w, h] = pixels.width <= pixels.height ? [resizeTo, long] : [long, resizeTo];
  const resized = resize(pixels, w, h, interpolation);
  return crop(resized, roundHalfEven((w - width) / 2), roundHalfEven((h - height) / 2), width, height).rgb;
}
