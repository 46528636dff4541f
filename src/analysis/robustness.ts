// In distribution against shifted sets: what tuning keeps of the untuned model's accuracy there, and effective robustness
// (Taori et al. 2020): how far a method lies above the accuracy that a line through reference models, on logit axes,
// predicts from its in-distribution accuracy.
import { mean, unique } from './collect.ts';
import type { RobustResult } from './records.ts';
import { type Column, column, type Table } from './table.ts';

/** Keeps accuracies of exactly 0 and 1 on the logit axis. */
const edge = 1e-4;
const logit = (p: number): number => {
  const inside = Math.min(1 - edge, Math.max(edge, p));
  return Math.log(inside / (1 - inside));
};
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** Accuracy that the least-squares line on logit axes predicts at `x`; undefined with fewer than 3 distinct points. */
export function trendAt(x: number, points: readonly (readonly [x: number, y: number])[]): number | undefined {
  if (unique(points.map(([px]) => px)).length < 3) return undefined;
  const xs = points.map(([px]) => logit(px));
  const ys = points.map(([, py]) => logit(py));
  const [mx, my] = [mean(xs), mean(ys)];
  const slope =
    xs.reduce((sum, v, i) => sum + (v - mx) * (ys[i]! - my), 0) / xs.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  return logistic(my + slope * (logit(x) - mx));
}

export interface RobustnessOptions {
  /** The model before tuning: gives the column `kept` and a row of its own. */
  readonly untuned?: RobustResult;
  /**
   * Models trained without any step for robustness, of widely different accuracy: gives the column `effective`. The tuned
   * models themselves can't serve, since they lie too close together to show a trend.
   */
  readonly reference?: readonly RobustResult[];
}

/** One row a method, the most accurate on shifted sets first; null where something wasn't measured. */
export function robustnessTable(results: readonly RobustResult[], options: RobustnessOptions = {}): Table {
  const { untuned, reference = [] } = options;
  const all = untuned ? [untuned, ...results] : results;
  const shifts = unique(all.flatMap((r) => Object.keys(r.shifted)));
  const overShifts = (value: (shift: string) => number | undefined): number | null => {
    const values = shifts.flatMap((shift) => value(shift) ?? []);
    return values.length > 0 ? mean(values) : null;
  };
  const minus = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? undefined : a - b;
  const effective = (r: RobustResult) =>
    overShifts((shift) => {
      const points = reference.flatMap(({ inDistribution, shifted }) =>
        shifted[shift] === undefined ? [] : [[inDistribution, shifted[shift]] as const],
      );
      return minus(r.shifted[shift], trendAt(r.inDistribution, points));
    });
  const measures: [Column, (r: RobustResult) => number | null][] = [
    [column('shifted', 'Mean of shifted', 'share'), (r) => overShifts((s) => r.shifted[s])],
    [column('gap', 'Gap', 'spread'), (r) => overShifts((s) => minus(r.inDistribution, r.shifted[s]))],
  ];
  if (untuned)
    measures.push([
      column('kept', 'Kept', 'points'),
      (r) => overShifts((s) => minus(r.shifted[s], untuned.shifted[s])),
    ]);
  if (reference.length > 0) measures.push([column('effective', 'Effective robustness', 'points'), effective]);
  const rows = all.map((r) => [
    r.method,
    r.inDistribution,
    ...measures.map(([, value]) => value(r)),
    ...shifts.map((s) => r.shifted[s] ?? null),
  ]);
  return {
    columns: [
      column('method', 'Method', 'text'),
      column('inDistribution', 'In distribution', 'share'),
      ...measures.map(([c]) => c),
      ...shifts.map((s) => column(`shift:${s}`, s, 'share')),
    ],
    rows: rows.sort((a, b) => ((b[2] as number | null) ?? -1) - ((a[2] as number | null) ?? -1)),
  };
}
