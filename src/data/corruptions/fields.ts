// Smooth random fields of one number a pixel: clouds, crystals, displacements.
import type { Rng } from '../../base/rng.ts';

const smooth = (t: number) => t * t * (3 - 2 * t);

/** Value noise: random numbers in [-1, 1) on a grid of `cell` pixels, joined smoothly. */
export function valueNoise(width: number, height: number, cell: number, rng: Rng): Float32Array {
  const columns = Math.ceil(width / cell) + 2;
  const rows = Math.ceil(height / cell) + 2;
  const knots = Float32Array.from({ length: columns * rows }, () => 2 * rng.uniform() - 1);
  const out = new Float32Array(width * height);
  for (let y = 0, o = 0; y < height; y++) {
    const v = y / cell;
    const row = Math.floor(v) * columns;
    const fy = smooth(v - Math.floor(v));
    for (let x = 0; x < width; x++, o++) {
      const u = x / cell;
      const at = row + Math.floor(u);
      const fx = smooth(u - Math.floor(u));
      const top = knots[at]! * (1 - fx) + knots[at + 1]! * fx;
      const bottom = knots[at + columns]! * (1 - fx) + knots[at + columns + 1]! * fx;
      out[o] = top * (1 - fy) + bottom * fy;
    }
  }
  return out;
}

/** Octaves of value noise from cells of half the longer side down to 2 pixels, each `gain` times the one before. */
export function fractal(width: number, height: number, gain: number, rng: Rng): Float32Array {
  const out = new Float32Array(width * height);
  let amplitude = 1;
  let total = 0;
  for (let cell = Math.max(width, height) / 2; cell >= 2; cell /= 2) {
    valueNoise(width, height, cell, rng).forEach((value, i) => {
      out[i]! += amplitude * value;
    });
    total += amplitude;
    amplitude *= gain;
  }
  return out.map((value) => value / (total || 1));
}
