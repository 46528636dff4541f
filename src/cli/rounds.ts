// The results of a protocol's rounds side by side, and their mean where there are several of a kind.
import type { Metrics } from '../train/metrics.ts';
import { percent, table } from './output.ts';

export interface RoundResult {
  readonly round: string;
  readonly val: Metrics | undefined;
  readonly tests: Readonly<Record<string, Metrics>>;
}

/** Mean and standard deviation (n - 1) of shares, as `81.2 % ± 1.3`. */
function spread(values: readonly number[]): string {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1);
  return `${percent(mean)} ± ${(100 * Math.sqrt(variance)).toFixed(1)}`;
}

/** Top-1 of each round on validation and every test set. */
export function roundsTable(results: readonly RoundResult[]): string {
  const sets = [...new Set(results.flatMap(({ tests }) => Object.keys(tests)))];
  const cell = (metrics: Metrics | undefined) => (metrics ? percent(metrics.top1) : '-');
  const rows = results.map(({ round, val, tests }) => [round, cell(val), ...sets.map((set) => cell(tests[set]))]);
  const complete = sets.every((set) => results.every(({ tests }) => tests[set]));
  if (sets.length > 0 && complete)
    rows.push(['mean', '', ...sets.map((set) => spread(results.map(({ tests }) => tests[set]!.top1)))]);
  return table(['round', 'validation', ...sets], rows);
}
