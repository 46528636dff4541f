// How long a run has been at it and how fast: over all sittings, and in this one.
import type { Progress } from './checkpoint.ts';

export interface Sitting {
  /** Counts pictures that were trained on. */
  count(pictures: number): void;
  /** Of training and evaluation, over all sittings. */
  seconds(): number;
  /** Pictures trained on a second of this sitting; evaluation takes its time of it. */
  imagesPerSecond(): number;
}

export function createSitting({ seconds: before }: Progress): Sitting {
  const begun = performance.now();
  const here = () => (performance.now() - begun) / 1000;
  let pictures = 0;
  return {
    count: (more) => {
      pictures += more;
    },
    seconds: () => before + here(),
    imagesPerSecond: () => pictures / here(),
  };
}
