// Which method to take: those that the known sets can't tell from the best, cheapest first. "It makes no difference, take the
// cheapest" is a valid answer, and with few sets the likely one.

import type { ScoreTable } from '../accuracy.ts';
import { mean } from '../collect.ts';
import { type BootstrapOptions, bootstrap, type Interval, resampledMean } from '../statistics/bootstrap.ts';
import { column, type Table } from '../table.ts';

export interface ShortListOptions extends BootstrapOptions {
  /** Weight of each set, e.g. `similarity`; equal where left out. */
  readonly weights?: readonly number[];
}

export interface ShortList {
  /** One row a method: those not told from the best first, cheapest first; then the others, best first. */
  readonly table: Table;
  readonly best: string;
  /** What to take: the cheapest of those not told from the best. */
  readonly take: string;
  readonly words: string;
}

/**
 * scores: as `scoreTable` gives them; costs by method, in any one unit. Each method is compared with the best by the mean
 * difference over sets, with a paired bootstrap interval over the sets.
 */
export function shortList(
  { methods, scores }: ScoreTable,
  costs: ReadonlyMap<string, number>,
  options: ShortListOptions = {},
): ShortList {
  const weights = options.weights ?? scores.map(() => 1 / scores.length);
  const weighted = (values: readonly number[]): number => values.reduce((sum, v, i) => sum + v * weights[i]!, 0);
  const means = methods.map((_, m) => weighted(scores.map((row) => row[m]!)));
  const best = means.indexOf(Math.max(...means));
  const rows = methods.map((method, m) => {
    const differences = scores.map((row) => row[m]! - row[best]!);
    const difference: Interval =
      m === best
        ? { estimate: 0, low: 0, high: 0 }
        : bootstrap(
            weighted(differences),
            // Weights times their number average 1, so equal weights give the plain bootstrap of the mean.
            (rng) =>
              resampledMean(
                differences.map((d, i) => d * weights[i]! * weights.length),
                rng,
              ),
            options,
          );
    return { method, top1: means[m]!, difference, cost: costs.get(method) ?? null, like: difference.high >= 0 };
  });
  const dear = Number.POSITIVE_INFINITY;
  rows.sort(
    (a, b) => Number(b.like) - Number(a.like) || (a.like ? (a.cost ?? dear) - (b.cost ?? dear) : 0) || b.top1 - a.top1,
  );
  const take = rows[0]!;
  const like = rows.filter((r) => r.like).length;
  return {
    best: methods[best]!,
    take: take.method,
    words:
      like === 1
        ? `${take.method} is better than every other method on the known sets.`
        : `It makes no difference here: ${like} methods cannot be told apart; ${take.method} is the cheapest of them.`,
    table: {
      columns: [
        column('method', 'Method', 'text'),
        column('top1', 'Expected top-1', 'share'),
        column('difference', 'Against the best', 'points'),
        column('low', 'from', 'points'),
        column('high', 'to', 'points'),
        column('cost', 'Relative cost', 'number'),
        column('like', 'Like the best', 'text'),
      ],
      rows: rows.map((r) => [
        r.method,
        r.top1,
        r.difference.estimate,
        r.difference.low,
        r.difference.high,
        r.cost,
        r.like,
      ]),
    },
  };
}

/** Mean cost of each method's points, in the order in which methods first appear. */
export function costByMethod(
  points: readonly { readonly method: string }[],
  costs: ArrayLike<number>,
): Map<string, number> {
  const all = new Map<string, number[]>();
  for (const [i, { method }] of points.entries()) all.set(method, [...(all.get(method) ?? []), costs[i]!]);
  return new Map([...all].map(([method, values]) => [method, mean(values)]));
}
