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

/** What decides which pixels enter: preprocessing without normalisation. */
export type Geometry = Pick<Preprocessing, 'imageSize' | 'resize' | 'resizeTo' | 'cropOffset' | 'interpolation'>;

export const geometryOf = ({ imageSize, resize, resizeTo, cropOffset, interpolation }: Geometry): Geometry => ({
  imageSize,
  resize,
  resizeTo,
  cropOffset,
  interpolation,
});

/** The same geometry with `factor` times the pixels a side: what random crops are cut from. */
export const enlarged = (g: Geometry, factor: number): Geometry => ({
  ...g,
  imageSize: [g.imageSize[0] * factor, g.imageSize[1] * factor],
  resizeTo: g.resizeTo * factor,
});

/** Width and height after the resize. */
function resizedSize({ width, height }: Pixels, { imageSize, resize: how, resizeTo }: Geometry): [number, number] {
  if (how === 'exact') {
    const factor = resizeTo / Math.max(...imageSize);
    return [Math.round(imageSize[1] * factor), Math.round(imageSize[0] * factor)];
  }
  // torchvision: the longer side is cut to a whole number, not rounded.
  const long = Math.max(Math.trunc((resizeTo * Math.max(width, height)) / Math.min(width, height)), resizeTo);
  return width <= height ? [resizeTo, long] : [long, resizeTo];
}

/** Resizes and crops to `imageSize`. Returns height x width x 3 bytes. */
export function transform(pixels: Pixels, geometry: Geometry): Uint8Array {
  const [height, width] = geometry.imageSize;
  const [w, h] = resizedSize(pixels, geometry);
  const resized = resize(pixels, w, h, geometry.interpolation);
  if (w === width && h === height) return resized.rgb;
  const offset = geometry.cropOffset === 'floor' ? Math.floor : roundHalfEven;
  return crop(resized, offset((w - width) / 2), offset((h - height) / 2), width, height).rgb;
}
