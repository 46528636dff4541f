// Pillow's resize, bit for bit (Pillow up to 12: horizontal pass first), because checkpoints were trained on its pixels: two
// separable passes over bytes with 22-bit fixed-point weights, each rounded to a byte.
import type { Interpolation } from '../base/preprocessing.ts';
import type { Pixels } from './decode.ts';

interface Filter {
  /** Half width of the kernel at scale 1, pixels. */
  readonly support: number;
  readonly kernel: (x: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
/** Keys' cubic with a = -0.5. */
function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  if (t < 2) return -0.5 * (((t - 5) * t + 8) * t - 4);
  return 0;
}
/** The Hamming window's coefficients are single precision in Pillow; in double a weight now and then rounds the other way. */
const [a0, a1] = [Math.fround(0.54), Math.fround(0.46)];

const filters: Readonly<Record<Exclude<Interpolation, 'nearest'>, Filter>> = {
  box: { support: 0.5, kernel: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, kernel: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, kernel: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (a0 + a1 * Math.cos(Math.PI * x))) },
  bicubic: { support: 2, kernel: cubic },
  lanczos: { support: 3, kernel: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

const precision = 22; // 32 bits less 8 of a byte less 2 for the kernel's overshoot

interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `width` weights an output pixel, fixed point. */
  readonly weights: Int32Array;
  readonly width: number;
}

function tapsFor(from: number, to: number, { support, kernel }: Filter): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1); // shrinking widens the kernel: that is the antialiasing
  const reach = support * stretch;
  const width = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(to);
  const count = new Int32Array(to);
  const weights = new Int32Array(to * width);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const low = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const high = Math.min(Math.trunc(centre + reach + 0.5), from);
    const raw = Array.from({ length: high - low }, (_, k) => kernel((k + low - centre + 0.5) * (1 / stretch)));
    const total = raw.reduce((a, b) => a + b, 0);
    first[i] = low;
    count[i] = high - low;
    raw.forEach((w, k) => {
      const fixed = (total === 0 ? w : w / total) * (1 << precision);
      weights[i * width + k] = Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
    });
  }
  return { first, count, weights, width };
}

const half = 1 << (precision - 1);
const toByte = (sum: number) => {
  const value = sum >> precision;
  return value < 0 ? 0 : Math.min(value, 255);
};

// Both passes keep their sums in 32 bits (`| 0`), as Pillow does: a byte times the weights stays below 2^31.

function horizontal({ width, height, rgb }: Pixels, to: number, filter: Filter): Pixels {
  const { first, count, weights, width: stride } = tapsFor(width, to, filter);
  const out = new Uint8Array(to * height * 3);
  let o = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width * 3;
    for (let x = 0; x < to; x++) {
      let r = half;
      let g = half;
      let b = half;
      let at = row + first[x]! * 3;
      let k = x * stride;
      for (const end = k + count[x]!; k < end; k++) {
        const w = weights[k]!;
        r = (r + Math.imul(rgb[at]!, w)) | 0;
        g = (g + Math.imul(rgb[at + 1]!, w)) | 0;
        b = (b + Math.imul(rgb[at + 2]!, w)) | 0;
        at += 3;
      }
      out[o++] = toByte(r);
      out[o++] = toByte(g);
      out[o++] = toByte(b);
    }
  }
  return { width: to, height, rgb: out };
}

function vertical({ width, height, rgb }: Pixels, to: number, filter: Filter): Pixels {
  const { first, count, weights, width: stride } = tapsFor(height, to, filter);
  const row = width * 3;
  const out = new Uint8Array(to * row);
  const sums = new Int32Array(row);
  for (let y = 0; y < to; y++) {
    sums.fill(half);
    let at = first[y]! * row; // whole rows one after the other: memory is read in order
    for (let k = 0; k < count[y]!; k++) {
      const w = weights[y * stride + k]!;
      for (let x = 0; x < row; x++) sums[x] = (sums[x]! + Math.imul(rgb[at++]!, w)) | 0;
    }
    for (let x = 0; x < row; x++) out[y * row + x] = toByte(sums[x]!);
  }
  return { width, height: to, rgb: out };
}

/** The source index of each of `to` pixels. Pillow adds the step up instead of multiplying: its rounding errors count too. */
function nearestIndices(from: number, to: number): Int32Array {
  const step = from / to;
  const out = new Int32Array(to);
  let position = step * 0.5;
  for (let i = 0; i < to; i++, position += step) out[i] = Math.min(Math.trunc(position), from - 1);
  return out;
}

function nearest({ width, height, rgb }: Pixels, toWidth: number, toHeight: number): Pixels {
  const columns = nearestIndices(width, toWidth);
  const rows = nearestIndices(height, toHeight);
  const out = new Uint8Array(toWidth * toHeight * 3);
  let o = 0;
  for (const sy of rows)
    for (const sx of columns) {
      const at = (sy * width + sx) * 3;
      out[o++] = rgb[at]!;
      out[o++] = rgb[at + 1]!;
      out[o++] = rgb[at + 2]!;
    }
  return { width: toWidth, height: toHeight, rgb: out };
}

/** Resizes to width x height as `PIL.Image.resize` does for RGB. */
export function resize(pixels: Pixels, width: number, height: number, interpolation: Interpolation): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  if (interpolation === 'nearest') return nearest(pixels, width, height);
  const filter = filters[interpolation];
  const wide = pixels.width === width ? pixels : horizontal(pixels, width, filter);
  return wide.height === height ? wide : vertical(wide, height, filter);
}
