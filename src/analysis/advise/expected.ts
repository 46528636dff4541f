// From possible accuracies to a ranked short list: what is expected of each method, which cannot be told from the best, and
// which of them to take. "It makes no difference, take the cheapest" is an answer; "not settled yet" is another one.
import { indexOfMax, mean } from '../collect.ts';
import { defaultLevel, type Interval, quantileSorted } from '../statistics/bootstrap.ts';

/**
 * `alike`: what is expected to be lost by it makes no difference (the tolerance), or nobody can say which of the two wins;
 * `open`: not told from the best either, but more likely than not it loses something; `worse`: told.
 */
export type Standing = 'best' | 'alike' | 'open' | 'worse';

export interface ExpectedMethod {
  readonly method: string;
  readonly expected: Interval;
  readonly againstBest: Interval;
  readonly standing: Standing;
  /** Cost of a run, in any one unit. */
  readonly cost: number;
}

export interface Expectation {
  /** The method to take first, then the others that are alike by cost, then those that are open, then the worse. */
  readonly methods: readonly ExpectedMethod[];
  readonly best: string;
  readonly take: string;
  readonly words: string;
}

export interface ExpectationOptions {
  /** Costs that differ by a smaller share are the same. */
  readonly sameCost?: number;
  /** Expected loss that makes no difference, a share: seeds move more than 1 point on small sets. */
  readonly tolerance?: number;
  readonly level?: number;
}

function intervalOf(values: readonly number[], level: number): Interval {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    estimate: mean(values),
    low: quantileSorted(sorted, (1 - level) / 2),
    high: quantileSorted(sorted, (1 + level) / 2),
  };
}

/** A method that wins against the best this often is as good a bet. */
const evenOdds = 1 / 3;

const order: Readonly<Record<Standing, number>> = { best: 0, alike: 0, open: 1, worse: 2 };

/** draws (draws, methods): possible accuracies of the methods on one set, as `drawAccuracies` gives them. */
export function expectation(
  methods: readonly string[],
  draws: readonly ArrayLike<number>[],
  costs: readonly number[],
  { tolerance = 0.01, level = defaultLevel, sameCost = 0.05 }: ExpectationOptions = {},
): Expectation {
  const columns = methods.map((_, m) => draws.map((row) => row[m]!));
  const means = columns.map(mean);
  const best = indexOfMax(means);
  const rows = methods.map((method, m): ExpectedMethod => {
    const againstBest = intervalOf(
      columns[m]!.map((x, i) => x - columns[best]![i]!),
      level,
    );
    const beats = mean(columns[m]!.map((x, i) => Number(x >= columns[best]![i]!)));
    const alike = againstBest.estimate >= -tolerance || beats >= evenOdds;
    const standing = m === best ? 'best' : alike ? 'alike' : againstBest.high < 0 ? 'worse' : 'open';
    return { method, expected: intervalOf(columns[m]!, level), againstBest, standing, cost: costs[m]! };
  });
  // Steps of `sameCost`: what costs about the same is ordered by expected accuracy.
  const step = (cost: number) => Math.round(Math.log(Math.max(cost, 1e-9)) / Math.log(1 + sameCost));
  rows.sort(
    (a, b) =>
      order[a.standing] - order[b.standing] ||
      (order[a.standing] === 0 ? step(a.cost) - step(b.cost) : 0) ||
      b.expected.estimate - a.expected.estimate,
  );
  const take = rows[0]!.method;
  const alike = rows.filter(({ standing }) => order[standing] === 0).length;
  const open = rows.filter(({ standing }) => standing === 'open').length;
  return { methods: rows, best: methods[best]!, take, words: wordsFor(take, alike, open) };
}

function wordsFor(take: string, alike: number, open: number): string {
  const unsettled =
    open === 0
      ? ''
      : ` ${open === 1 ? 'One more' : `${open} more`} may be as good, but would more likely lose something.`;
  if (alike > 1)
    return `It makes no difference here: ${alike} methods cannot be told apart; ${take} is the cheapest of them.${unsettled}`;
  return open === 0
    ? `${take} is better than every other method here.`
    : `${take} is expected to be best; that is not settled yet.${unsettled}`;
}

/** (methods,): by how much each is expected to beat the best so far (Jones et al. 1998), a share; the best itself 0. */
export function expectedImprovement(draws: readonly ArrayLike<number>[], best: number): number[] {
  const methods = draws[0]!.length;
  return Array.from({ length: methods }, (_, m) => mean(draws.map((row) => Math.max(0, row[m]! - row[best]!))));
}
