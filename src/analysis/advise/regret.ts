// How good a recommender is: leave one set out, let it choose trials for that set from the others' results, and compare the
// best it found with the best of the whole grid. Mean over sets, with a bootstrap interval over the sets.
import { mean } from '../collect.ts';
import { type BootstrapOptions, bootstrapMean, type Interval } from '../statistics/bootstrap.ts';
import { pairedBootstrap } from '../statistics/paired.ts';
import { type ScoreGrid, without } from './score-grid.ts';

/** Orders the points for a held-out set; `known` lacks it, and `measure` reveals one of its scores. */
export type Recommender = (known: ScoreGrid, measure: (point: number) => number) => readonly number[];

/** (sets): best score of the grid minus the best of those points, per held-out set, for each number of trials. */
export function regrets(grid: ScoreGrid, recommend: Recommender, trials: readonly number[]): number[][] {
  const perSet = grid.scores.map((row, set) => {
    const order = recommend(without(grid, set), (point) => row[point]!);
    const ceiling = Math.max(...row);
    return trials.map((k) => ceiling - Math.max(...order.slice(0, k).map((p) => row[p]!)));
  });
  return trials.map((_, i) => perSet.map((r) => r[i]!));
}

/** As `regrets`, but for budgets of cost: points are tried in order until the next would exceed the budget. */
export function regretsWithin(
  grid: ScoreGrid,
  recommend: Recommender,
  costs: ArrayLike<number>,
  budgets: readonly number[],
): number[][] {
  const perSet = grid.scores.map((row, set) => {
    const order = recommend(without(grid, set), (point) => row[point]!);
    const ceiling = Math.max(...row);
    return budgets.map((budget) => {
      let spent = 0;
      let best = 0;
      for (const p of order) {
        spent += costs[p]!;
        if (spent > budget + 1e-9) break;
        best = Math.max(best, row[p]!);
      }
      return ceiling - best;
    });
  });
  return budgets.map((_, i) => perSet.map((r) => r[i]!));
}

/**
 * Expected regret of trials in random order, exactly: the best of k out of n has value x_(j) (ascending, from 1) with
 * probability C(j - 1, k - 1) / C(n, k).
 */
export function randomRegrets(grid: ScoreGrid, trials: readonly number[]): number[][] {
  const n = grid.points.length;
  return trials.map((k) =>
    grid.scores.map((row) => {
      const sorted = row.toSorted();
      let probability = k / n; // that the largest of all is among the k
      let expected = 0;
      for (let j = n; j >= k; j--) {
        expected += probability * sorted[j - 1]!;
        probability *= (j - k) / (j - 1); // C(j - 2, k - 1) / C(j - 1, k - 1)
      }
      return sorted.at(-1)! - expected;
    }),
  );
}

export interface RegretRow {
  readonly recommender: string;
  /** For each number of trials (or budget): mean regret over sets. */
  readonly regret: readonly Interval[];
  /** Difference to the baseline, paired by set; negative = better. */
  readonly againstBaseline: readonly Interval[];
  /** 'draw' wherever the interval of the difference contains 0. */
  readonly outcome: readonly ('better' | 'draw' | 'worse')[];
}

/** perTrials: (trials, sets), as `regrets` gives it. */
export function regretRow(
  recommender: string,
  perTrials: readonly (readonly number[])[],
  baseline: readonly (readonly number[])[],
  options?: BootstrapOptions,
): RegretRow {
  const againstBaseline = perTrials.map((values, i) => pairedBootstrap(values, baseline[i]!, options));
  return {
    recommender,
    regret: perTrials.map((values) => bootstrapMean(values, options)),
    againstBaseline,
    outcome: againstBaseline.map(({ low, high }) => (high < 0 ? 'better' : low > 0 ? 'worse' : 'draw')),
  };
}

/** How far the best point of each set leads the second and the tenth, mean over sets: the noise a recommender is up against. */
export function leads(grid: ScoreGrid): { readonly second: number; readonly tenth: number } {
  const lead = (place: number) =>
    mean(
      grid.scores.map((row) => {
        const sorted = row.toSorted();
        return sorted.at(-1)! - sorted.at(-place)!;
      }),
    );
  return { second: lead(2), tenth: lead(10) };
}
