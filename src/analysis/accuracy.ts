// Accuracy per set, per group and over all sets, with intervals over seeds (and over pictures, where predictions are kept).
import { groupBy, mean, unique } from './collect.ts';
import { correctness } from './predictions.ts';
import type { FinalResult, Predictions } from './records.ts';
import { type BootstrapOptions, bootstrapStrata, type Interval } from './statistics/bootstrap.ts';
import { type Column, column, type Table } from './table.ts';

/** Scores of methods on sets that all of them have; what only some have is named, never dropped in silence. */
export interface ScoreTable {
  readonly methods: readonly string[];
  readonly sets: readonly string[];
  /** (sets, methods): mean over seeds. */
  readonly scores: readonly (readonly number[])[];
  /** Sets left out, because a method has no result there. */
  readonly incomplete: readonly string[];
}

/** Mean top-1 over seeds, sets by methods. */
export function scoreTable(results: readonly FinalResult[]): ScoreTable {
  const methods = unique(results.map((r) => r.method));
  const bySet = groupBy(results, (r) => r.data);
  const sets: string[] = [];
  const scores: number[][] = [];
  const incomplete: string[] = [];
  for (const [set, rows] of bySet) {
    const byMethod = groupBy(rows, (r) => r.method);
    if (byMethod.size < methods.length) {
      incomplete.push(set);
      continue;
    }
    sets.push(set);
    scores.push(methods.map((m) => mean(byMethod.get(m)!.map((r) => r.top1))));
  }
  return { methods, sets, scores, incomplete };
}

export interface AccuracyOptions extends BootstrapOptions {
  /** Predictions of one run a method and set on its test pictures: gives the columns of the interval over pictures. */
  readonly predictions?: readonly Predictions[];
}

/**
 * One row a method, best mean first: the mean over its sets with an interval over seeds (sets fixed; null with one seed
 * everywhere), each group's mean, each set's mean. A set that the method lacks is null and its mean is over fewer sets. The
 * interval over pictures is that of the runs whose predictions are given; null for a method without them on each of its sets.
 */
export function accuracyTable(results: readonly FinalResult[], options: AccuracyOptions = {}): Table {
  const { predictions = [] } = options;
  const predictionsOf = groupBy(predictions, (p) => p.method);
  const sets = unique(results.map((r) => r.data));
  const groups = unique(results.flatMap((r) => (r.group === undefined ? [] : [r.group])));
  const groupOf = new Map(results.map((r) => [r.data, r.group]));
  const columns: Column[] = [
    column('method', 'Method', 'text'),
    column('mean', 'Mean', 'share'),
    column('low', 'Seeds, from', 'share'),
    column('high', 'to', 'share'),
    ...(predictions.length > 0
      ? [column('pictureLow', 'Pictures, from', 'share'), column('pictureHigh', 'to', 'share')]
      : []),
    column('sets', 'Sets', 'count'),
    ...groups.map((g) => column(`group:${g}`, g, 'share')),
    ...sets.map((s) => column(`set:${s}`, s, 'share')),
  ];
  const rows = [...groupBy(results, (r) => r.method)].map(([method, rows]) => {
    const bySet = groupBy(rows, (r) => r.data);
    const seeds = [...bySet.values()].map((runs) => runs.map((r) => r.top1));
    const known = seeds.some((runs) => runs.length > 1);
    const interval = known ? bootstrapStrata(seeds, options) : undefined;
    const own = predictionsOf.get(method) ?? [];
    const pictures = unique(own.map((p) => p.data)).length === bySet.size ? pictureInterval(own, options) : undefined;
    const setMean = (set: string): number | null => {
      const runs = bySet.get(set);
      return runs ? mean(runs.map((r) => r.top1)) : null;
    };
    const groupMean = (group: string): number | null => {
      const means = sets.filter((s) => groupOf.get(s) === group).flatMap((s) => setMean(s) ?? []);
      return means.length > 0 ? mean(means) : null;
    };
    return [
      method,
      mean(seeds.map(mean)),
      interval?.low ?? null,
      interval?.high ?? null,
      ...(predictions.length > 0 ? [pictures?.low ?? null, pictures?.high ?? null] : []),
      bySet.size,
      ...groups.map(groupMean),
      ...sets.map(setMean),
    ];
  });
  return { columns, rows: rows.sort((a, b) => (b[1] as number) - (a[1] as number)) };
}

/** Mean accuracy over sets with an interval over their pictures: what another draw of test pictures would change. */
export function pictureInterval(predictions: readonly Predictions[], options?: BootstrapOptions): Interval {
  return bootstrapStrata(predictions.map(correctness), options);
}

/** Best method of each group and over all, by mean; with the lead over the second. */
export function bestPerGroup(results: readonly FinalResult[]): Table {
  const groups = unique(results.flatMap((r) => (r.group === undefined ? [] : [r.group])));
  const best = (name: string, within: readonly FinalResult[]) => {
    const table = accuracyTable(within);
    const [first, second] = table.rows;
    const lead = second ? (first![1] as number) - (second[1] as number) : null;
    return [name, first![0]!, first![1]!, second?.[0] ?? null, lead];
  };
  return {
    columns: [
      column('group', 'Group', 'text'),
      column('method', 'Best method', 'text'),
      column('mean', 'Mean', 'share'),
      column('second', 'Second', 'text'),
      column('lead', 'Lead', 'points'),
    ],
    rows: [
      ...groups.map((g) =>
        best(
          g,
          results.filter((r) => r.group === g),
        ),
      ),
      best('all', results),
    ],
  };
}
