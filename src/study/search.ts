// How many runs a search takes.
import type { Search } from './plan.ts';

/** Of `points` points that were measured, how many reach the next round of halving. */
export const keptOf = (points: number, keep: number): number => Math.max(1, Math.round(points * keep));

/** Tuning runs of a cell whose grid has `points` points, over all rounds; none where there is nothing to choose. */
export function tuningRuns(search: Search, points: number): number {
  if (points <= 1) return 0;
  if (search.kind !== 'halving') return points;
  let runs = 0;
  let left = points;
  for (const _ of search.epochs) {
    runs += left;
    if (left === 1) break;
    left = keptOf(left, search.keep);
  }
  return runs;
}

/** The most points whose tuning takes at most `runs` runs. */
export function pointsWithin(search: Search, runs: number): number {
  let points = Math.max(0, Math.floor(runs));
  while (points > 1 && tuningRuns(search, points) > runs) points--;
  return points;
}
