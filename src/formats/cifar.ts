// CIFAR's binary records: a label (CIFAR-100: coarse, then fine), then 32 x 32 pixels, all red values first, then green, blue.
// https://www.cs.toronto.edu/~kriz/cifar.html
import type { RawPixels } from './netpbm.ts';

const side = 32;
const plane = side * side;
export const cifarPixels = 3 * plane;

/** Planes (3, 32, 32) to pixels (32, 32, 3). */
export function cifarPicture(planes: Uint8Array): RawPixels {
  const data = new Uint8Array(cifarPixels);
  for (let i = 0; i < plane; i++) for (let c = 0; c < 3; c++) data[3 * i + c] = planes[c * plane + i]!;
  return { width: side, height: side, channels: 3, data };
}
