// Percentile bootstrap (Efron & Tibshirani 1993, chapter 13): intervals of a mean, and of a mean of strata that are
// resampled each in itself (seeds in a set, pictures in a set).
import { type Rng, stream } from '../../base/rng.ts';
import { mean } from '../collect.ts';

export interface Interval {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly resamples?: number;
  /** Probability inside the interval. */
  readonly level?: number;
  readonly seed?: number;
}

export const defaultResamples = 2000;
export const defaultLevel = 0.95;

/** The q-quantile of sorted values, linear between neighbours (R's type 7). */
export function quantileSorted(sorted: ArrayLike<number>, q: number): number {
  const at = q * (sorted.length - 1);
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (at - below) * (high - low);
}

/** Interval of a statistic that `draw` recomputes on one resample. */
export function bootstrap(estimate: number, draw: (rng: Rng) => number, options: BootstrapOptions = {}): Interval {
  const { resamples = defaultResamples, level = defaultLevel, seed = 0 } = options;
  const rng = stream(seed, 'bootstrap');
  const values = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) values[i] = draw(rng);
  values.sort();
  return { estimate, low: quantileSorted(values, (1 - level) / 2), high: quantileSorted(values, (1 + level) / 2) };
}

/** Mean of one resample with replacement. */
export function resampledMean(values: ArrayLike<number>, rng: Rng): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[rng.below(values.length)]!;
  return sum / values.length;
}

/** Interval of the mean of independent values. A single value gives an interval of no width: nothing is known of its spread. */
export function bootstrapMean(values: ArrayLike<number>, options?: BootstrapOptions): Interval {
  return bootstrap(mean(values), (rng) => resampledMean(values, rng), options);
}

/** Interval of the mean over strata of their means; the strata are fixed, what is in each is drawn anew. */
export function bootstrapStrata(strata: readonly ArrayLike<number>[], options?: BootstrapOptions): Interval {
  return bootstrap(mean(strata.map(mean)), (rng) => mean(strata.map((values) => resampledMean(values, rng))), options);
}
