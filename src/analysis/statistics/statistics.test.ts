import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootstrapMean, bootstrapStrata } from './bootstrap.ts';
import { calibrationError, rocArea } from './calibration.ts';
import { mcNemar, pairedBootstrap, verdict, wilcoxon } from './paired.ts';
import { criticalDifference, friedmanTest, meanRanks, rankGroups, ranksOf } from './ranks.ts';
import { gammaQ, logGamma, normalCdf, studentizedRangeCdf, studentizedRangeQuantile } from './special.ts';

interface Bootstrapped {
  readonly low: number;
  readonly high: number;
}

interface Cases {
  readonly logGamma: readonly [x: number, value: number][];
  readonly gammaQ: readonly [a: number, x: number, value: number][];
  readonly normalCdf: readonly [z: number, value: number][];
  readonly studentizedRange: readonly [k: number, p: number, q: number][];
  readonly friedman: readonly {
    readonly scores: number[][];
    readonly ranks: number[][];
    readonly meanRanks: number[];
    readonly statistic: number;
    readonly p: number;
    readonly nemenyi: number[][];
  }[];
  readonly mcNemar: readonly [b: number, c: number, exact: number, midP: number][];
  readonly wilcoxon: readonly {
    readonly a: number[];
    readonly b: number[];
    readonly statistic: number;
    readonly p: number;
  }[];
  readonly bootstrap: Bootstrapped & { readonly values: number[] };
  readonly pairedBootstrap: Bootstrapped & { readonly a: number[]; readonly b: number[] };
  readonly rocArea: readonly { readonly scores: number[]; readonly positive: number[]; readonly area: number }[];
  readonly calibration: { readonly confidence: number[]; readonly right: number[]; readonly error: number };
}

const cases = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/statistics/cases.json', import.meta.url), 'utf8'),
) as Cases;

/** Equal to so many significant digits, also far in a tail. */
function expectNear(actual: number, expected: number, digits: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(10 ** -digits * Math.abs(expected) + 1e-300);
}

describe('special functions agree with scipy', () => {
  it('log-gamma', () => {
    for (const [x, value] of cases.logGamma) expectNear(logGamma(x), value, 12);
  });
  it('incomplete gamma, in both its regions and far in the tail', () => {
    for (const [a, x, value] of cases.gammaQ) expectNear(gammaQ(a, x), value, 11);
  });
  it('normal distribution', () => {
    for (const [z, value] of cases.normalCdf) expectNear(normalCdf(z), value, 11);
  });
  it('studentized range', () => {
    for (const [k, p, q] of cases.studentizedRange) expectNear(studentizedRangeQuantile(p, k), q, 8);
  });
});

describe('ranks agree with scipy and scikit-posthocs', () => {
  it.each(cases.friedman)('of $scores.length sets', ({ scores, ranks, meanRanks: means, statistic, p, nemenyi }) => {
    expect(scores.map(ranksOf)).toEqual(ranks);
    const mine = meanRanks(scores);
    for (const [j, rank] of means.entries()) expect(mine[j]).toBeCloseTo(rank, 12);
    const test = friedmanTest(scores);
    expectNear(test.statistic, statistic, 10);
    expectNear(test.p, p, 9);
    // Nemenyi: p < 0.05 exactly where mean ranks differ by more than the critical difference.
    const n = scores.length;
    const k = means.length;
    const difference = criticalDifference(k, n);
    for (let i = 0; i < k; i++)
      for (let j = 0; j < i; j++) {
        const apart = Math.abs(means[i]! - means[j]!);
        expect(apart > difference).toBe(nemenyi[i]![j]! < 0.05);
        const q = (apart / Math.sqrt((k * (k + 1)) / (6 * n))) * Math.SQRT2;
        expect(1 - studentizedRangeCdf(q, k)).toBeCloseTo(nemenyi[i]![j]!, 7);
      }
  });

  it('a table of ties only is no evidence', () => {
    expect(
      friedmanTest([
        [1, 1, 1],
        [2, 2, 2],
      ]).p,
    ).toBe(1);
  });

  it('bars are maximal and leave singles out', () => {
    expect(rankGroups([1, 1.5, 2.2, 4, 4.1], 1)).toEqual([
      [0, 1],
      [1, 2],
      [3, 4],
    ]);
    expect(rankGroups([3, 1, 2], 5)).toEqual([[1, 2, 0]]);
  });
});

describe('paired tests', () => {
  it('McNemar agrees with statsmodels', () => {
    for (const [b, c, exact, midP] of cases.mcNemar) {
      const test = mcNemar(b, c);
      expectNear(test.exact, exact, 9);
      expectNear(test.midP, midP, 9);
    }
  });
  it('Wilcoxon agrees with scipy, exact and approximate', () => {
    for (const { a, b, statistic, p } of cases.wilcoxon) {
      const test = wilcoxon(a, b);
      expect(test.statistic).toBeCloseTo(statistic, 9);
      expectNear(test.p, p, 9);
    }
  });
  it('says plainly when two methods cannot be told apart', () => {
    expect(verdict('A', 'B', { estimate: 0.004, low: -0.002, high: 0.01 })).toMatchObject({
      different: false,
      words: 'cannot tell A and B apart (difference -0.20 to 1.00 points)',
    });
    expect(verdict('A', 'B', { estimate: -0.02, low: -0.03, high: -0.01 }).words).toBe(
      'B is better than A by 2.00 points (difference -3.00 to -1.00 points)',
    );
  });
});

describe('bootstrap agrees with scipy within its own noise', () => {
  const tolerance = 0.003; // about 4 standard errors of a 2.5 % quantile of 10,000 means with deviation 0.02
  it('of a mean', () => {
    const { values, low, high } = cases.bootstrap;
    const mine = bootstrapMean(values, { resamples: 10_000 });
    expect(Math.abs(mine.low - low)).toBeLessThan(tolerance);
    expect(Math.abs(mine.high - high)).toBeLessThan(tolerance);
  });
  it('of a paired difference', () => {
    const { a, b, low, high } = cases.pairedBootstrap;
    const mine = pairedBootstrap(a, b, { resamples: 10_000 });
    expect(Math.abs(mine.low - low)).toBeLessThan(2 * tolerance);
    expect(Math.abs(mine.high - high)).toBeLessThan(2 * tolerance);
  });
  it('is the same each time, and of strata narrower than of all together', () => {
    const strata = [
      [0.1, 0.12, 0.11],
      [0.9, 0.92, 0.88],
    ];
    const stratified = bootstrapStrata(strata);
    expect(stratified).toEqual(bootstrapStrata(strata));
    const pooled = bootstrapMean(strata.flat());
    expect(stratified.high - stratified.low).toBeLessThan((pooled.high - pooled.low) / 5);
  });
});

describe('calibration', () => {
  it('ROC area agrees with scikit-learn, with and without ties', () => {
    for (const { scores, positive, area } of cases.rocArea) expect(rocArea(scores, positive)).toBeCloseTo(area, 12);
  });
  it('calibration error agrees with the formula in numpy', () => {
    const { confidence, right, error } = cases.calibration;
    expect(calibrationError(confidence, right)).toBeCloseTo(error, 12);
  });
});
