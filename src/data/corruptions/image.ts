// Pictures as floating-point numbers, and the few operations on them that the corruptions share. Sizes of an effect are
// given for a picture of 224 pixels, as in ImageNet-C, and scaled to what is at hand.
import type { Pixels } from '../decode.ts';

/** Height x width x 3 numbers, black 0 and white 1. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The shorter side at which ImageNet-C's constants are meant. */
export const referenceSide = 224;

/** Pixels here for one pixel of a picture of 224. */
export const scaleOf = ({ width, height }: { readonly width: number; readonly height: number }): number =>
  Math.min(width, height) / referenceSide;

export function toImage({ width, height, rgb }: Pixels): Image {
  return { width, height, data: Float32Array.from(rgb, (byte) => byte / 255) };
}

export function toPixels({ width, height, data }: Image): Pixels {
  // Uint8ClampedArray rounds and clips.
  return { width, height, rgb: new Uint8Array(Uint8ClampedArray.from(data, (x) => x * 255).buffer) };
}

/** Every number by itself. */
export const mapped = (image: Image, change: (value: number, at: number) => number): Image => ({
  ...image,
  data: image.data.map(change),
});

/** The place of a pixel beyond the edge: mirrored back in. */
export function reflected(i: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * length - 2;
  const wrapped = ((i % period) + period) % period;
  return wrapped < length ? wrapped : period - wrapped;
}

/** Adds `weight` x the picture sampled (bilinear, edges repeated) at `from(x, y)` to `sum`. */
export function addSampled(
  sum: Float32Array,
  { width, height, data }: Image,
  weight: number,
  from: (x: number, y: number) => readonly [x: number, y: number],
): void {
  const clamp = (v: number, high: number) => Math.min(Math.max(v, 0), high);
  for (let y = 0, o = 0; y < height; y++)
    for (let x = 0; x < width; x++, o += 3) {
      const [sx, sy] = from(x, y);
      const [cx, cy] = [clamp(sx, width - 1), clamp(sy, height - 1)];
      const [x0, y0] = [Math.floor(cx), Math.floor(cy)];
      const [fx, fy] = [cx - x0, cy - y0];
      const right = x0 + 1 < width ? 3 : 0;
      const below = y0 + 1 < height ? 3 * width : 0;
      const at = (y0 * width + x0) * 3;
      for (let c = 0; c < 3; c++) {
        const top = data[at + c]! * (1 - fx) + data[at + right + c]! * fx;
        const bottom = data[at + below + c]! * (1 - fx) + data[at + below + right + c]! * fx;
        sum[o + c]! += weight * (top * (1 - fy) + bottom * fy);
      }
    }
}

/** Mean along a line of `length` pixels at `angle` radians, edges repeated. */
export function smeared(image: Image, length: number, angle: number): Image {
  const steps = Math.max(1, Math.round(length));
  const sum = new Float32Array(image.data.length);
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  for (let k = 0; k < steps; k++) {
    const t = (k + 0.5) * (length / steps) - length / 2;
    addSampled(sum, image, 1 / steps, (x, y) => [x + t * dx, y + t * dy]);
  }
  return { ...image, data: sum };
}
