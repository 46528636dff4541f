// Mean ranks over sets with Friedman's test and the critical difference: which methods can be told apart at all.
import { scoreTable } from './accuracy.ts';
import type { FinalResult } from './records.ts';
import { criticalDifference, type FriedmanTest, friedmanTest, meanRanks, rankGroups } from './statistics/ranks.ts';
import { column, type Table } from './table.ts';

export interface RankAnalysis {
  /** One row a method, best mean rank first. */
  readonly table: Table;
  readonly methods: readonly string[];
  /** Mean rank of each method, in the order of `methods`. */
  readonly ranks: readonly number[];
  readonly sets: number;
  readonly incomplete: readonly string[];
  readonly friedman: FriedmanTest;
  readonly difference: number;
  /** Methods that can't be told apart, by name, best first; maximal, may overlap. */
  readonly groups: readonly (readonly string[])[];
  readonly words: string;
}

/** Undefined with fewer than two methods, or fewer than two sets that all methods have: nothing to rank. */
export function rankAnalysis(results: readonly FinalResult[], alpha = 0.05): RankAnalysis | undefined {
  const { methods, sets, scores, incomplete } = scoreTable(results);
  if (methods.length < 2 || sets.length < 2) return undefined;
  const ranks = meanRanks(scores);
  const friedman = friedmanTest(scores);
  const difference = criticalDifference(methods.length, sets.length, alpha);
  const order = methods.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]!);
  const groups = rankGroups(ranks, difference).map((group) => group.map((i) => methods[i]!));
  const best = order[0]!;
  const close = order.filter((i) => i !== best && ranks[i]! - ranks[best]! <= difference);
  return {
    methods,
    ranks,
    sets: sets.length,
    incomplete,
    friedman,
    difference,
    groups,
    words: wordsOf(methods[best]!, close.length, methods.length, friedman, alpha),
    table: {
      columns: [
        column('method', 'Method', 'text'),
        column('rank', 'Mean rank', 'number'),
        column('first', 'Sets where best', 'count'),
        column('likeBest', 'Like the best', 'text'),
      ],
      rows: order.map((i) => [
        methods[i]!,
        ranks[i]!,
        scores.filter((row) => row[i] === Math.max(...row)).length,
        ranks[i]! - ranks[best]! <= difference,
      ]),
    },
  };
}

function wordsOf(best: string, close: number, methods: number, { p }: FriedmanTest, alpha: number): string {
  if (p >= alpha)
    return `Cannot tell these ${methods} methods apart: their ranks differ no more than chance would have it (Friedman p = ${p.toFixed(3)}).`;
  if (close === 0) return `${best} ranks first, apart from all others.`;
  const others = close === 1 ? 'one other method' : `${close} other methods`;
  return `${best} ranks first, but cannot be told apart from ${others}: ranks closer than the critical difference.`;
}
