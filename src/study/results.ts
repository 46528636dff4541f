// The results of studies: final runs, and their mean and confidence interval for each model, data and method.
import type { Metrics } from '../train/metrics.ts';
import type { StudyRow, TrialRow } from './rows.ts';

export interface FinalResult {
  readonly study: string;
  readonly model: string;
  readonly data: string;
  readonly method: string;
  readonly seed: number;
  readonly params: Readonly<Record<string, unknown>>;
  /** Shares of the test pictures; loss in nats. */
  readonly top1: number;
  readonly top5: number;
  readonly meanClassAccuracy: number;
  readonly loss: number;
  readonly ece: number;
  readonly pictures: number;
  /** Every test set by name: `test`, which the numbers above are of, then shifted ones. */
  readonly tests: Readonly<Record<string, Metrics>>;
  /** Trained scalars without the head. */
  readonly parameters: number;
  readonly seconds: number;
  /** Peak memory of the process that trained, bytes; null for trials of older stores. */
  readonly memory: number | null;
  /** Grid points tried, and how many of them validation can't tell from the best one. */
  readonly tried: number;
  readonly tied: number;
  readonly trial: string;
}

export interface Interval {
  readonly mean: number;
  /** Half the width of the 95 % interval, and what it stands for: other seeds, or (with one seed) other test pictures. */
  readonly halfWidth: number;
  readonly over: 'seeds' | 'pictures';
}

export interface Summary extends Interval {
  readonly study: string;
  readonly model: string;
  readonly data: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parameters: number;
  readonly seeds: readonly number[];
  /** The same for each shifted test set. */
  readonly shifts: Readonly<Record<string, Interval>>;
  readonly tried: number;
  readonly tied: number;
}

/** Student's t, 97.5 % quantile, for 1 to 30 degrees of freedom; beyond, the normal's 1.96 is within 3 %. */
const studentT = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];
const normal = 1.96;

/** Mean of the seeds' accuracies and half the width of its 95 % interval. */
export function interval(top1: readonly number[], pictures: number): Interval {
  const n = top1.length;
  const mean = top1.reduce((a, b) => a + b, 0) / n;
  if (n === 1) return { mean, halfWidth: normal * Math.sqrt((mean * (1 - mean)) / pictures), over: 'pictures' };
  const variance = top1.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  return { mean, halfWidth: (studentT[n - 2] ?? normal) * Math.sqrt(variance / n), over: 'seeds' };
}

/** The name of the test set that is like the training set. */
const ownSet = 'test';
const isFinal = ({ phase, state, tests }: TrialRow): boolean =>
  phase === 'final' && state === 'done' && tests?.[ownSet] !== undefined;

/** Final results in the order of the plan: cells, then seeds. */
export function finalResults({ name, cells }: StudyRow, rows: readonly TrialRow[]): FinalResult[] {
  return rows
    .filter(isFinal)
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ id, cell, point, tests, parameters, seconds, memory }) => ({
      study: name,
      ...cells[cell]!,
      seed: point.seed!,
      params: point.params,
      ...tests![ownSet]!,
      tests: tests!,
      parameters: parameters!,
      seconds: seconds!,
      memory,
      tried: point.tried!,
      tied: point.tied!,
      trial: id,
    }));
}

/** One line a cell. */
export function summarize(results: readonly FinalResult[]): Summary[] {
  const groups = new Map<string, FinalResult[]>();
  for (const result of results) {
    const key = JSON.stringify([result.study, result.model, result.data, result.method]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map((group) => {
    const { study, model, data, method, params, parameters, tried, tied, pictures } = group[0]!;
    const top1 = group.map((result) => result.top1);
    const seeds = group.map(({ seed }) => seed);
    const shifts = Object.fromEntries(
      Object.entries(group[0]!.tests).flatMap(([set, own]) => {
        const values = group.flatMap(({ tests }) => tests[set]?.top1 ?? []);
        return set === ownSet ? [] : [[set, interval(values, own.pictures)]];
      }),
    );
    return { study, model, data, method, params, parameters, seeds, tried, tied, shifts, ...interval(top1, pictures) };
  });
}
