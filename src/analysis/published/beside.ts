// A study's methods beside the published ones: is the order the same on other pictures and another backbone?
import { groupBy, mean } from '../collect.ts';
import type { FinalResult } from '../records.ts';
import { ranksOf } from '../statistics/ranks.ts';
import { column, type Table } from '../table.ts';

export interface Beside {
  /** One row a method that both have, best of the study first. */
  readonly table: Table;
  /** Spearman's rank correlation of the methods' means; NaN with fewer than three methods. */
  readonly correlation: number;
  readonly words: string;
}

/** Mean over sets of the means over seeds, by method. */
function meansOf(results: readonly FinalResult[]): Map<string, number> {
  return new Map(
    [...groupBy(results, (r) => r.method)].map(([method, rows]) => [
      method,
      mean([...groupBy(rows, (r) => r.data).values()].map((runs) => mean(runs.map((r) => r.top1)))),
    ]),
  );
}

/** Correlation of ranks, ties sharing their mean place. */
export function spearman(a: readonly number[], b: readonly number[]): number {
  if (a.length < 3) return Number.NaN;
  const [ra, rb] = [ranksOf(a), ranksOf(b)];
  const centre = (a.length + 1) / 2;
  const product = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, v, i) => sum + (v - centre) * (y[i]! - centre), 0);
  return product(ra, rb) / Math.sqrt(product(ra, ra) * product(rb, rb));
}

/** Methods are matched by name; undefined where none is in both. `published` as `publishedResults` gives it. */
export function besidePublished(
  results: readonly FinalResult[],
  published: readonly FinalResult[],
): Beside | undefined {
  const theirs = meansOf(published);
  const both = [...meansOf(results)].filter(([method]) => theirs.has(method)).sort((a, b) => b[1] - a[1]);
  if (both.length === 0) return undefined;
  const own = both.map(([, top1]) => top1);
  const other = both.map(([method]) => theirs.get(method)!);
  const [ownRanks, otherRanks] = [ranksOf(own), ranksOf(other)];
  const correlation = spearman(own, other);
  return {
    correlation,
    words: Number.isNaN(correlation)
      ? 'Too few methods are in both studies to compare their order.'
      : `Over ${both.length} methods the rank correlation with the published study is ${correlation.toFixed(2)} (1 = same order, 0 = unrelated).`,
    table: {
      columns: [
        column('method', 'Method', 'text'),
        column('mean', 'Mean here', 'share'),
        column('published', 'Published mean', 'share'),
        column('rank', 'Place here', 'number'),
        column('publishedRank', 'Published place', 'number'),
      ],
      rows: both.map(([method], i) => [method, own[i]!, other[i]!, ownRanks[i]!, otherRanks[i]!]),
    },
  };
}
