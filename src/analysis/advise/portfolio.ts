// A static order of grid points: each next point is the one that adds most to the mean over known sets of the best found so
// far. The gain is submodular, so the greedy order is within 1 - 1/e of the best set of its size (Nemhauser et al. 1978).
import type { ScoreGrid } from './score-grid.ts';

export interface PortfolioOptions {
  /** Relative cost of each point: with it, points are taken by gain per cost. */
  readonly costs?: ArrayLike<number>;
}

/** Gains that differ by less are equal: round-off of sums, far below one picture in any validation split. */
const tie = 1e-9;

/**
 * Indices of `count` points, best first; among equals the earlier point. Once every known set has its best point, a new pass
 * begins over what is left, so that the order never ends early.
 */
export function greedyPortfolio(
  { scores, points }: ScoreGrid,
  count: number,
  options: PortfolioOptions = {},
): number[] {
  const { costs } = options;
  const chosen: number[] = [];
  const taken = new Uint8Array(points.length);
  // Without trials: nothing. Per cost: a random point's score, else a cheap poor point would seem worth its price.
  const start = (): number[] => scores.map((row) => (costs ? row.reduce((a, b) => a + b, 0) / row.length : 0));
  let found = start();
  while (chosen.length < Math.min(count, points.length)) {
    let best = -1;
    let most = 0;
    for (let p = 0; p < points.length; p++) {
      if (taken[p]) continue;
      let gain = 0;
      for (const [s, row] of scores.entries()) gain += Math.max(0, row[p]! - found[s]!);
      if (costs) gain /= costs[p]!;
      if (gain > most + tie) [best, most] = [p, gain];
    }
    if (best < 0) {
      const fresh = start();
      if (found.every((value, s) => value === fresh[s])) best = taken.indexOf(0);
      found = fresh;
      if (best < 0) continue;
    }
    chosen.push(best);
    taken[best] = 1;
    found = found.map((value, s) => Math.max(value, scores[s]![best]!));
  }
  return chosen;
}
