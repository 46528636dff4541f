// The recommenders measured on the published study's VTAB-1k trials: what `npm run regret` prints.
import type { PublishedStudy } from '../published/study.ts';
import { publishedTrials } from '../published/study.ts';
import type { BootstrapOptions } from '../statistics/bootstrap.ts';
import { relativeCost } from './cost.ts';
import { greedyPortfolio } from './portfolio.ts';
import { adaptiveSearch } from './posterior.ts';
import { leads, type RegretRow, randomRegrets, regretRow, regrets, regretsWithin } from './regret.ts';
import { type ScoreGrid, scoreGrid } from './score-grid.ts';

/** Validation pictures of VTAB-1k: 200 of its 1,000. */
export const vtabValidationPictures = 200;

export interface RegretReport {
  readonly sets: number;
  readonly points: number;
  readonly leads: { readonly second: number; readonly tenth: number };
  readonly trials: readonly number[];
  readonly byTrials: readonly RegretRow[];
  readonly budgets: readonly number[];
  /** Costs are assumed (cost.ts), not measured; once with features recomputed for the linear head, once cached. */
  readonly byCost: readonly { readonly cachedHead: number; readonly rows: readonly RegretRow[] }[];
}

/** Relative cost of every point of the grid. */
export function gridCosts(study: PublishedStudy, grid: ScoreGrid, cachedHead: number): Float64Array {
  const rules = new Map(study.methods.map((m) => [m.name, m]));
  return Float64Array.from(grid.points, (point) => relativeCost(point, rules.get(point.method)!, cachedHead));
}

/** Everything is chosen without the set held out; the baseline of all differences is the static greedy portfolio. */
export function publishedRegret(study: PublishedStudy, options?: BootstrapOptions): RegretReport {
  const grid = scoreGrid(publishedTrials(study, 'vtab'));
  const trials = [3, 5, 12, 30];
  const most = trials.at(-1)!;
  const greedy = regrets(grid, (known) => greedyPortfolio(known, most), trials);
  const adaptive = regrets(
    grid,
    (known, measure) => adaptiveSearch(known, measure, most, { pictures: vtabValidationPictures }).map((o) => o.point),
    trials,
  );
  // A budget of k: what k trainings of few parameters without prompts cost (2 forward passes a step).
  const budgets = trials.map((k) => 2 * k);
  const byCost = [1, 0.02].map((cachedHead) => {
    const costs = gridCosts(study, grid, cachedHead);
    const plain = regretsWithin(grid, (known) => greedyPortfolio(known, 2 * most), costs, budgets);
    const perCost = regretsWithin(grid, (known) => greedyPortfolio(known, 2 * most, { costs }), costs, budgets);
    return {
      cachedHead,
      rows: [
        regretRow('greedy portfolio', plain, plain, options),
        regretRow('greedy portfolio, gain per cost', perCost, plain, options),
      ],
    };
  });
  return {
    sets: grid.sets.length,
    points: grid.points.length,
    leads: leads(grid),
    trials,
    byTrials: [
      regretRow('random order', randomRegrets(grid, trials), greedy, options),
      regretRow('greedy portfolio', greedy, greedy, options),
      regretRow('portfolio, then by results', adaptive, greedy, options),
    ],
    budgets,
    byCost,
  };
}
