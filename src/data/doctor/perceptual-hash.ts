// What a picture looks like, in a few bytes: a 64-bit hash of its lowest frequencies (pHash: Zauner 2010, "Implementation and
// benchmarking of perceptual image hash functions") to find candidates, and a thumbnail to confirm them.
import type { Pixels } from '../decode.ts';
import { resize } from '../resize.ts';

const side = 32;
const kept = 8;
export const thumbnailSide = 16;

export interface Look {
  /** 64 bits: whether each of the 8 x 8 lowest frequencies is above their median. */
  readonly hash: readonly [high: number, low: number];
  /** 16 x 16 x 3 bytes. */
  readonly thumbnail: Uint8Array;
}

/** DCT-II basis, (8, 32): cos(pi (2x + 1) k / 64). */
const basis = Array.from({ length: kept }, (_, k) =>
  Float64Array.from({ length: side }, (__, x) => Math.cos((Math.PI * (2 * x + 1) * k) / (2 * side))),
);

/** (32, 32) grey values -> (8, 8) lowest frequencies, row-major. */
function lowFrequencies(grey: Float64Array): Float64Array {
  const rows = new Float64Array(side * kept); // (y, horizontal frequency)
  for (let y = 0; y < side; y++)
    for (let k = 0; k < kept; k++) {
      let sum = 0;
      for (let x = 0; x < side; x++) sum += basis[k]![x]! * grey[y * side + x]!;
      rows[y * kept + k] = sum;
    }
  const out = new Float64Array(kept * kept);
  for (let v = 0; v < kept; v++)
    for (let k = 0; k < kept; k++) {
      let sum = 0;
      for (let y = 0; y < side; y++) sum += basis[v]![y]! * rows[y * kept + k]!;
      out[v * kept + k] = sum;
    }
  return out;
}

export function lookOf(pixels: Pixels): Look {
  const { rgb } = resize(pixels, side, side, 'bilinear');
  const grey = Float64Array.from({ length: side * side }, (_, i) => {
    const [r, g, b] = [rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!];
    return 0.299 * r + 0.587 * g + 0.114 * b; // ITU-R BT.601
  });
  const frequencies = lowFrequencies(grey);
  const median = [...frequencies.subarray(1)].sort((a, b) => a - b)[31]!; // the mean brightness aside
  const bits = (from: number) => {
    let word = 0;
    for (let i = 0; i < 32; i++) word = (word << 1) | (frequencies[from + i]! > median ? 1 : 0);
    return word >>> 0;
  };
  return { hash: [bits(0), bits(32)], thumbnail: resize(pixels, thumbnailSide, thumbnailSide, 'bilinear').rgb };
}
