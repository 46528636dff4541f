import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadPublishedStudy } from '../published/load.ts';
import { expectation, expectedImprovement } from './expected.ts';
import { methodRegret } from './method-regret.ts';
import { conditioned, drawAccuracies, methodPrior } from './transfer.ts';

const fixture = JSON.parse(
  readFileSync(new URL('../../../test/fixtures/advice/cases.json', import.meta.url), 'utf8'),
) as {
  table: Parameters<typeof methodPrior>[0];
  trust: { shortLevel: number; short: number; whole: number };
  measurements: Parameters<typeof conditioned>[1];
  mean: number[];
  covariance: number[][];
};
const prior = methodPrior(fixture.table);

describe('known sets and measurements', () => {
  it('agree with scikit-learn on what to expect', () => {
    const { mean, covariance } = conditioned(prior, fixture.measurements, fixture.trust);
    for (const [m, value] of fixture.mean.entries()) expect(mean[m]).toBeCloseTo(value, 9);
    for (const [a, row] of fixture.covariance.entries())
      for (const [b, value] of row.entries()) expect(covariance[a]![b]).toBeCloseTo(value, 9);
  });
  it('leave out what no known set has, and need three sets', () => {
    const stranger = { method: 'new', top1: 0.9, pictures: 50, short: true };
    expect(conditioned(prior, [stranger])).toEqual(conditioned(prior, []));
    const two = { ...fixture.table, sets: ['s0', 's1'], scores: fixture.table.scores.slice(0, 2) };
    expect(() => methodPrior(two)).toThrow('needs results on at least 3 known sets, got 2');
  });
  it('are drawn around that mean, the same for a seed', () => {
    const draws = drawAccuracies(prior, fixture.measurements, { trust: fixture.trust });
    const median = draws.map((row) => row[2]!).toSorted((a, b) => a - b)[draws.length / 2]!;
    expect(median).toBeCloseTo(1 / (1 + Math.exp(-fixture.mean[2]!)), 1);
    expect(drawAccuracies(prior, [], { draws: 3, seed: 4 })).toEqual(drawAccuracies(prior, [], { draws: 3, seed: 4 }));
    expect(drawAccuracies(prior, [], { draws: 3, seed: 4 })).not.toEqual(drawAccuracies(prior, [], { draws: 3 }));
  });
});

describe('the short list', () => {
  const methods = ['dear', 'cheap', 'coin', 'poor', 'hopeless'];
  /** dear 80; cheap half a point less, always; coin better or worse by 20; poor better in one of ten; hopeless never. */
  const draws = Array.from({ length: 100 }, (_, i) => {
    const common = 0.8 + (i % 7) / 1000;
    return [common, common - 0.005, common + (i % 2 ? 0.2 : -0.24), common - (i % 10 ? 0.3 : -0.1), common - 0.5];
  });
  const costs = [100, 10, 50, 1, 1];
  it('takes the cheapest of those that cannot be told apart, and says so', () => {
    const { methods: rows, best, take, words } = expectation(methods, draws, costs);
    expect([best, take]).toEqual(['dear', 'cheap']);
    expect(rows.map(({ method, standing }) => [method, standing])).toEqual([
      ['cheap', 'alike'],
      ['coin', 'alike'],
      ['dear', 'best'],
      ['poor', 'open'],
      ['hopeless', 'worse'],
    ]);
    expect(expectation(methods, draws, costs, { tolerance: 0 }).take).toBe('coin');
    expect(words).toMatch(
      /^It makes no difference here: 3 methods cannot be told apart; cheap is the cheapest of them\. One more/,
    );
  });
  it('names a winner where there is one', () => {
    const pair = draws.map((row) => [row[0]!, row[4]!]);
    expect(expectation(['a', 'b'], pair, [9, 1]).words).toBe('a is better than every other method here.');
  });
  it('orders what costs about the same by what is expected', () => {
    const pair = draws.map((row) => [row[0]!, row[0]!, row[0]! - 0.001 * (row[1]! > 0.797 ? 1 : -1)]);
    expect(expectation(['a', 'b', 'c'], pair, [102, 100, 20]).take).toBe('c');
    expect(
      expectation(
        ['a', 'b'],
        draws.map((row) => [row[0]!, row[1]!]),
        [100, 102],
      ).take,
    ).toBe('a');
  });
  it('knows what another look could gain', () => {
    const gains = expectedImprovement(draws, 0);
    expect(gains[0]).toBe(0);
    expect(gains[2]).toBeCloseTo(0.1, 12);
    expect(gains[3]).toBeCloseTo(0.01, 12);
  });
});

describe('methods chosen leave-one-set-out on the published study', () => {
  const rows = methodRegret(loadPublishedStudy(), 200, { resamples: 300 });
  it('lose no more than about 2 points, and the intervals hold what they say', () => {
    expect(rows.map(({ knowing }) => knowing).length).toBe(4);
    for (const { regret, covered } of rows) {
      expect(regret.estimate).toBeLessThan(0.025);
      if (covered !== undefined) expect(covered).toBeGreaterThan(0.85);
    }
  });
});
