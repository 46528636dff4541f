// Ranks over sets: mean ranks with ties, Friedman's test, Nemenyi's critical difference (Demsar 2006, section 3.2.2).
import { mean, unique } from '../collect.ts';
import { chiSquaredTail, studentizedRangeQuantile } from './special.ts';

/** Ranks from 1 for the largest value; equal values share the mean of their places. */
export function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    let above = 0;
    let equal = 0;
    for (const other of values) {
      if (other > value) above++;
      else if (other === value) equal++;
    }
    return above + (equal + 1) / 2;
  });
}

export interface FriedmanTest {
  /** Chi-squared, corrected for ties. */
  readonly statistic: number;
  readonly degrees: number;
  readonly p: number;
}

/** scores (sets, methods). NaN statistic and p = 1 where every set ties all methods. */
export function friedmanTest(scores: readonly (readonly number[])[]): FriedmanTest {
  const n = scores.length;
  const k = scores[0]?.length ?? 0;
  const ranks = scores.map(ranksOf);
  let between = 0;
  for (let j = 0; j < k; j++) between += (ranks.reduce((sum, row) => sum + row[j]!, 0) / n - (k + 1) / 2) ** 2;
  let ties = 0;
  for (const row of scores)
    for (const value of unique(row)) {
      const size = row.filter((other) => other === value).length;
      ties += size ** 3 - size;
    }
  const correction = 1 - ties / (n * k * (k * k - 1));
  const statistic = (12 * n * between) / (k * (k + 1)) / correction;
  return { statistic, degrees: k - 1, p: correction > 0 ? chiSquaredTail(statistic, k - 1) : 1 };
}

/** Mean ranks further apart than this differ at level `alpha` (Nemenyi): q_alpha sqrt(k (k + 1) / 6 n), q over sqrt 2. */
export function criticalDifference(methods: number, sets: number, alpha = 0.05): number {
  const q = studentizedRangeQuantile(1 - alpha, methods) / Math.SQRT2;
  return q * Math.sqrt((methods * (methods + 1)) / (6 * sets));
}

/** Mean rank of each method; scores (sets, methods). */
export function meanRanks(scores: readonly (readonly number[])[]): number[] {
  const ranks = scores.map(ranksOf);
  return (scores[0] ?? []).map((_, j) => mean(ranks.map((row) => row[j]!)));
}

/**
 * The bars of a critical-difference diagram: every maximal run of methods, in order of rank, whose ends are not further
 * apart than `difference`. Indices into `ranks`, best first; runs of one are left out.
 */
export function rankGroups(ranks: readonly number[], difference: number): number[][] {
  const order = ranks.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]!);
  const groups: number[][] = [];
  let lastEnd = 0;
  for (let start = 0; start < order.length; start++) {
    let end = start;
    while (end + 1 < order.length && ranks[order[end + 1]!]! - ranks[order[start]!]! <= difference) end++;
    if (end > start && end > lastEnd) {
      groups.push(order.slice(start, end + 1));
      lastEnd = end;
    }
  }
  return groups;
}
