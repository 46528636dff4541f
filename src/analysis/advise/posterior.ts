// The next grid point after some results on a new set: known sets are hypotheses of what the new one is like, weighed by how
// well they explain the results so far, and the next point has the largest expected improvement (Jones et al. 1998) under
// that mixture. The noise of a validation accuracy is known (binomial), so nothing is tuned but the spread between sets,
// which is measured between the known sets.
import { normalCdf } from '../statistics/special.ts';
import { greedyPortfolio } from './portfolio.ts';
import type { ScoreGrid } from './score-grid.ts';

export interface Observation {
  readonly point: number;
  readonly score: number;
}

/** Variance of an accuracy measured on `pictures` pictures; half a picture keeps 0 and 1 from seeming certain. */
export function measurementVariance(score: number, pictures: number): number {
  const edge = 0.5 / pictures;
  const p = Math.min(1 - edge, Math.max(edge, score));
  return (p * (1 - p)) / pictures;
}

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/**
 * Standard deviation by which a set differs from the known set most like it, after taking out their difference in level:
 * the median over sets of 1.4826 times the median absolute deviation (robust, since failed trainings are far off).
 */
export function spreadBetweenSets({ scores }: ScoreGrid): number {
  const nearest = scores.map((row, s) =>
    Math.min(
      ...scores.flatMap((other, o) => {
        if (o === s) return [];
        const differences = Array.from(row, (value, p) => value - other[p]!);
        const centre = median(differences);
        return 1.4826 * median(differences.map((d) => Math.abs(d - centre)));
      }),
    ),
  );
  return median(nearest);
}

/** What the results so far say of one known set: its weight is exp(logLikelihood), the new set's level is `offset` higher. */
interface Hypothesis {
  readonly logLikelihood: number;
  readonly offset: number;
  readonly offsetVariance: number;
}

function hypothesis(
  row: Float64Array,
  observations: readonly Observation[],
  spread: number,
  pictures: number,
): Hypothesis {
  const terms = observations.map(({ point, score }) => ({
    residual: score - row[point]!,
    precision: 1 / (spread ** 2 + measurementVariance(row[point]!, pictures) + measurementVariance(score, pictures)),
  }));
  const total = terms.reduce((sum, t) => sum + t.precision, 0);
  const offset = terms.reduce((sum, t) => sum + t.residual * t.precision, 0) / total;
  // The offset has a flat prior and is integrated out: hence the last term.
  const logLikelihood =
    -0.5 * terms.reduce((sum, t) => sum + (t.residual - offset) ** 2 * t.precision - Math.log(t.precision), 0) -
    0.5 * Math.log(total);
  return { logLikelihood, offset, offsetVariance: 1 / total };
}

export interface PosteriorOptions {
  /** Validation pictures behind each score. */
  readonly pictures: number;
  /** spreadBetweenSets of the grid, where it's known already. */
  readonly spread?: number;
}

/** How like each known set the new one is, by its results: probabilities, in the order of the grid's sets. */
export function similarity(grid: ScoreGrid, observations: readonly Observation[], options: PosteriorOptions): number[] {
  const { pictures, spread = spreadBetweenSets(grid) } = options;
  const logs = grid.scores.map((row) => hypothesis(row, observations, spread, pictures).logLikelihood);
  const most = Math.max(...logs);
  const weights = logs.map((l) => Math.exp(l - most));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((w) => w / total);
}

/** The point with the largest expected improvement over the best score so far; undefined when all points are tried. */
export function nextPoint(
  grid: ScoreGrid,
  observations: readonly Observation[],
  options: PosteriorOptions,
): number | undefined {
  const { pictures, spread = spreadBetweenSets(grid) } = options;
  const tried = new Set(observations.map((o) => o.point));
  if (tried.size === grid.points.length) return undefined;
  const best = Math.max(...observations.map((o) => o.score));
  const weights = similarity(grid, observations, { pictures, spread });
  const expected = new Float64Array(grid.points.length);
  for (const [s, row] of grid.scores.entries()) {
    if (weights[s]! < 1e-9) continue; // adds nothing that a double would keep
    const { offset, offsetVariance } = hypothesis(row, observations, spread, pictures);
    for (let p = 0; p < row.length; p++) {
      // Twice the noise: in the known set's score, and in the score to come.
      const deviation = Math.sqrt(2 * measurementVariance(row[p]!, pictures) + spread ** 2 + offsetVariance);
      const z = (row[p]! + offset - best) / deviation;
      const density = Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
      expected[p]! += weights[s]! * deviation * (z * normalCdf(z) + density);
    }
  }
  let next = -1;
  for (let p = 0; p < expected.length; p++) if (!tried.has(p) && (next < 0 || expected[p]! > expected[next]!)) next = p;
  return next;
}

/** Trials from the portfolio before results decide: with noise of 3 points, fewer can't tell sets apart. */
export const portfolioTrials = 5;

/**
 * Up to `count` trials on a new set: the portfolio's first points, then one after another by what the results say. `measure`
 * gives the validation accuracy of a point on the new set.
 */
export function adaptiveSearch(
  grid: ScoreGrid,
  measure: (point: number) => number,
  count: number,
  options: PosteriorOptions,
): Observation[] {
  const spread = options.spread ?? spreadBetweenSets(grid);
  const observations = greedyPortfolio(grid, Math.min(portfolioTrials, count)).map((point) => ({
    point,
    score: measure(point),
  }));
  while (observations.length < count) {
    const point = nextPoint(grid, observations, { ...options, spread });
    if (point === undefined) break;
    observations.push({ point, score: measure(point) });
  }
  return observations;
}
