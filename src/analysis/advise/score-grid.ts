// Tuning trials as a matrix, sets by grid points: what recommending works on.
import { groupBy } from '../collect.ts';
import type { Params, TrialResult } from '../records.ts';

export interface GridPoint {
  readonly method: string;
  readonly params: Params;
}

export interface ScoreGrid {
  readonly sets: readonly string[];
  readonly points: readonly GridPoint[];
  /** (sets, points): validation accuracy, a share. */
  readonly scores: readonly Float64Array[];
}

const keyOf = ({ method, params }: GridPoint): string => JSON.stringify([method, params]);

/** The grid points that every set has, in order of appearance; of repeated trials (seeds) the mean. */
export function scoreGrid(trials: readonly TrialResult[]): ScoreGrid {
  const bySet = [...groupBy(trials, (t) => t.data)].map(([set, ts]) => ({ set, byPoint: groupBy(ts, keyOf) }));
  const points = (bySet[0] ? [...bySet[0].byPoint] : []).filter(([key]) => bySet.every((s) => s.byPoint.has(key)));
  return {
    sets: bySet.map(({ set }) => set),
    points: points.map(([, [first]]) => ({ method: first!.method, params: first!.params })),
    scores: bySet.map(({ byPoint }) =>
      Float64Array.from(points, ([key]) => {
        const seeds = byPoint.get(key)!;
        return seeds.reduce((sum, t) => sum + t.valTop1, 0) / seeds.length;
      }),
    ),
  };
}

/** The grid without one set. */
export function without(grid: ScoreGrid, set: number): ScoreGrid {
  return {
    ...grid,
    sets: grid.sets.filter((_, s) => s !== set),
    scores: grid.scores.filter((_, s) => s !== set),
  };
}
