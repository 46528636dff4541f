// Noise of sensors and transmission.
import type { Rng } from '../../base/rng.ts';
import { type Corruption, floatCorruption } from './corruption.ts';
import { mapped } from './image.ts';

const gaussian = floatCorruption(
  { name: 'gaussian-noise', group: 'noise', summary: 'normal noise on every value, as in low light' },
  [0.08, 0.12, 0.18, 0.26, 0.38],
  (image, deviation, rng) => mapped(image, (value) => value + deviation * rng.normal()),
);

/** Poisson with this mean (Knuth's product of uniforms; means here are at most 60). */
function poisson(mean: number, rng: Rng): number {
  const limit = Math.exp(-mean);
  let product = rng.uniform();
  let count = 0;
  while (product > limit) {
    product *= rng.uniform();
    count++;
  }
  return count;
}

const shot = floatCorruption(
  { name: 'shot-noise', group: 'noise', summary: 'light counted in few photons' },
  [60, 25, 12, 5, 3],
  (image, photons, rng) => mapped(image, (value) => poisson(value * photons, rng) / photons),
);

const impulse = floatCorruption(
  { name: 'impulse-noise', group: 'noise', summary: 'single values black or full' },
  [0.03, 0.06, 0.09, 0.17, 0.27],
  (image, share, rng) =>
    mapped(image, (value) => {
      const [hit, full] = [rng.uniform(), rng.uniform()];
      return hit < share ? (full < 0.5 ? 0 : 1) : value;
    }),
);

export const noise: readonly Corruption[] = [gaussian, shot, impulse];
