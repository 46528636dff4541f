// What a corruption is: a seeded change of a decoded picture at five severities, after ImageNet-C (Hendrycks & Dietterich
// 2019, arXiv 1903.12261), whose constants are used wherever the effect is the same.
import type { Rng } from '../../base/rng.ts';
import type { Pixels } from '../decode.ts';
import { type Image, toImage, toPixels } from './image.ts';

export type Severity = 1 | 2 | 3 | 4 | 5;
export const severities: readonly Severity[] = [1, 2, 3, 4, 5];

export interface Corruption {
  readonly name: string;
  readonly group: 'noise' | 'blur' | 'weather' | 'digital';
  readonly summary: string;
  /** The same generator state must be given for every severity: what is random then stays and only grows. */
  readonly apply: (pixels: Pixels, severity: Severity, rng: Rng) => Pixels | Promise<Pixels>;
}

/** A corruption that works on floating-point pictures, one setting a severity. */
export function floatCorruption<S>(
  facts: Omit<Corruption, 'apply'>,
  settings: readonly [S, S, S, S, S],
  change: (image: Image, setting: S, rng: Rng) => Image,
): Corruption {
  return {
    ...facts,
    apply: (pixels, severity, rng) => toPixels(change(toImage(pixels), settings[severity - 1]!, rng)),
  };
}
