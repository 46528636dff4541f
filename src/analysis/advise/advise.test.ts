import { beforeAll, describe, expect, it } from 'vitest';
import { scoreTable } from '../accuracy.ts';
import { loadPublishedStudy } from '../published/load.ts';
import { publishedResults, publishedTrials } from '../published/study.ts';
import { relativeCost } from './cost.ts';
import { greedyPortfolio } from './portfolio.ts';
import { adaptiveSearch, measurementVariance, nextPoint, similarity, spreadBetweenSets } from './posterior.ts';
import { gridCosts, publishedRegret, type RegretReport } from './published-regret.ts';
import { randomRegrets, regretsWithin } from './regret.ts';
import { type ScoreGrid, scoreGrid, without } from './score-grid.ts';
import { costByMethod, shortList } from './short-list.ts';

const study = loadPublishedStudy();
const published = scoreGrid(publishedTrials(study, 'vtab'));
const points = (share: number): number => Math.round(10_000 * share) / 100;

/** Scores in percent, one row a set. */
const grid = (...rows: readonly (readonly number[])[]): ScoreGrid => ({
  sets: rows.map((_, s) => `s${s}`),
  points: rows[0]!.map((_, p) => ({ method: 'm', params: { p } })),
  scores: rows.map((row) => Float64Array.from(row, (v) => v / 100)),
});

describe('the grid', () => {
  it('is what all sets have: 19 by 516', () => {
    expect([published.sets.length, published.points.length]).toEqual([19, 516]);
    expect(without(published, 3).sets).not.toContain(published.sets[3]);
  });
  it('averages seeds and drops points that a set lacks', () => {
    const trial = (data: string, lr: number, valTop1: number, seed = 0) => ({
      model: 'm',
      data,
      method: 'A',
      seed,
      params: { lr },
      valTop1,
    });
    const small = scoreGrid([trial('s', 1, 0.4), trial('s', 1, 0.6, 1), trial('s', 2, 0.9), trial('t', 1, 0.7)]);
    expect(small.points).toEqual([{ method: 'A', params: { lr: 1 } }]);
    expect(small.scores.map((row) => [...row])).toEqual([[0.5], [0.7]]);
  });
});

describe('the portfolio', () => {
  it('takes the best mean first, then what complements it, and never ends early', () => {
    const g = grid([90, 50, 10, 80], [50, 90, 10, 80]);
    expect(greedyPortfolio(g, 4)).toEqual([3, 0, 1, 2]);
    expect(greedyPortfolio(g, 9).length).toBe(4);
  });
  it('takes the first of equals, also where sums differ by round-off', () => {
    expect(greedyPortfolio(grid([10, 30, 20], [30, 10, 20], [20, 20, 20]), 1)).toEqual([0]);
  });
  it('prefers the cheap of two alike when costs count', () => {
    const g = grid([80, 79, 20], [80, 79, 20]);
    expect(greedyPortfolio(g, 1)).toEqual([0]);
    expect(greedyPortfolio(g, 1, { costs: [10, 1, 1] })).toEqual([1]);
  });
});

describe('results on the new set', () => {
  // Two kinds of sets: on one the second half of the points is good, on the other the first; levels differ within a kind.
  const kinds = grid(
    [90, 88, 50, 52, 91, 49],
    [70, 69, 30, 31, 72, 30],
    [50, 52, 90, 88, 48, 91],
    [30, 31, 70, 69, 30, 71],
  );
  it('tell which known sets it is like, whatever its level', () => {
    const weights = similarity(
      kinds,
      [
        { point: 0, score: 0.6 },
        { point: 2, score: 0.2 },
      ],
      { pictures: 200 },
    );
    expect(weights[0]! + weights[1]!).toBeGreaterThan(0.99);
    expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(
      nextPoint(
        kinds,
        [
          { point: 0, score: 0.6 },
          { point: 2, score: 0.2 },
        ],
        { pictures: 200 },
      ),
    ).toBe(4);
    expect(
      nextPoint(
        kinds,
        [
          { point: 0, score: 0.2 },
          { point: 2, score: 0.6 },
        ],
        { pictures: 200 },
      ),
    ).toBe(5);
  });
  it('end when everything is tried, each point once', () => {
    const order = adaptiveSearch(kinds, (p) => kinds.scores[0]![p]!, 99, { pictures: 200 }).map((o) => o.point);
    expect(order.toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(
      nextPoint(
        kinds,
        order.map((point) => ({ point, score: 0.5 })),
        { pictures: 200 },
      ),
    ).toBeUndefined();
  });
  it('come with known noise, and a spread between sets that ignores levels', () => {
    expect(Math.sqrt(measurementVariance(0.5, 200))).toBeCloseTo(0.0354, 4);
    expect(measurementVariance(1, 200)).toBeGreaterThan(0);
    expect(spreadBetweenSets(grid([10, 20, 30], [40, 50, 60]))).toBeCloseTo(0, 12);
    expect(points(spreadBetweenSets(published))).toBeCloseTo(2.97, 1);
  });
});

describe('regret', () => {
  it('of random order is exact', () => {
    const g = grid([0, 10, 40]);
    // Best of 2 of 3: 40 in two of three pairs, 10 in one.
    expect(randomRegrets(g, [1, 2, 3]).map(([r]) => points(r!))).toEqual([23.33, 10, 0]);
  });
  it('within a budget stops before the trial that would exceed it', () => {
    const g = grid([10, 20, 50], [10, 20, 50]);
    const [tight, wide] = regretsWithin(g, () => [0, 1, 2], [1, 2, 4], [3, 7]);
    expect([points(tight![0]!), points(wide![0]!)]).toEqual([30, 0]);
  });

  let report: RegretReport;
  beforeAll(() => {
    report = publishedRegret(study, { resamples: 500 });
  });
  const row = (name: string) => report.byTrials.find((r) => r.recommender === name)!;

  it('on the published trials: the baselines', () => {
    expect(points(report.leads.second)).toBe(0.61);
    expect(points(report.leads.tenth)).toBe(1.89);
    expect(
      row('random order')
        .regret.map((r) => points(r.estimate))
        .slice(0, 3),
    ).toEqual([4.94, 3.93, 2.86]);
    expect(
      row('greedy portfolio')
        .regret.map((r) => points(r.estimate))
        .slice(0, 3),
    ).toEqual([3.5, 2.63, 2.11]);
  });
  it('on the published trials: by results, no worse than greedy, and a draw is called a draw', () => {
    const adaptive = row('portfolio, then by results');
    expect(adaptive.outcome).not.toContain('worse');
    for (const [i, outcome] of adaptive.outcome.entries()) {
      const { low, high } = adaptive.againstBaseline[i]!;
      expect(outcome === 'draw').toBe(low <= 0 && high >= 0);
    }
    expect(row('random order').outcome.slice(0, 3)).toEqual(['worse', 'worse', 'worse']);
  });
});

describe('cost', () => {
  it('counts passes: head 1, few 2, all 3, prompts by their tokens', () => {
    expect(relativeCost({ method: 'x', params: {} }, { trains: 'head' })).toBe(1);
    expect(relativeCost({ method: 'x', params: {} }, { trains: 'head' }, 0.02)).toBe(0.02);
    expect(relativeCost({ method: 'x', params: {} }, { trains: 'all' })).toBe(3);
    expect(relativeCost({ method: 'x', params: { n: 197 } }, { trains: 'few', prompts: 'n' })).toBe(4);
  });
});

describe('the short list', () => {
  it('of the published study: no difference among the best, so the cheapest', () => {
    const results = publishedResults(study, 'vtab');
    const list = shortList(scoreTable(results), costByMethod(published.points, gridCosts(study, published, 1)));
    expect(list.best).toBe('convpass');
    expect(list.words).toMatch(/^It makes no difference here: \d+ methods cannot be told apart/);
    const out = list.table.rows.filter((r) => r.at(-1) === false).map(([method]) => method);
    expect(out).toContain('full');
    expect(out).toContain('linear');
    expect(out).not.toContain('houlsby');
  });
  it('names a clear winner', () => {
    const table = {
      methods: ['A', 'B'],
      sets: ['s', 't', 'u'],
      scores: [
        [0.9, 0.5],
        [0.8, 0.6],
        [0.9, 0.4],
      ],
      incomplete: [],
    };
    const list = shortList(
      table,
      new Map([
        ['A', 10],
        ['B', 1],
      ]),
    );
    expect(list).toMatchObject({
      best: 'A',
      take: 'A',
      words: 'A is better than every other method on the known sets.',
    });
  });
  it('looks at the sets that are alike, where weights say which', () => {
    const table = {
      methods: ['A', 'B'],
      sets: ['s', 't'],
      scores: [
        [0.9, 0.5],
        [0.1, 0.6],
      ],
      incomplete: [],
    };
    expect(shortList(table, new Map(), { weights: [1, 0] }).best).toBe('A');
    expect(shortList(table, new Map(), { weights: [0, 1] }).best).toBe('B');
  });
});
