// Any two methods on the same pictures: difference with a paired interval, McNemar's test, and the answer in plain words.
import { assertSamePictures, correctness } from './predictions.ts';
import type { Predictions } from './records.ts';
import type { BootstrapOptions } from './statistics/bootstrap.ts';
import { type McNemar, mcNemar, pairedBootstrap, type Verdict, verdict } from './statistics/paired.ts';
import { column, type Table } from './table.ts';

export interface Comparison extends Verdict {
  readonly first: string;
  readonly second: string;
  readonly mcNemar: McNemar;
}

/** Throws DataError for different pictures. */
export function compare(first: Predictions, second: Predictions, options?: BootstrapOptions): Comparison {
  assertSamePictures([first, second]);
  const a = correctness(first);
  const b = correctness(second);
  const onlyFirst = a.reduce((n, right, i) => n + (right && !b[i] ? 1 : 0), 0);
  const onlySecond = b.reduce((n, right, i) => n + (right && !a[i] ? 1 : 0), 0);
  return {
    first: first.method,
    second: second.method,
    mcNemar: mcNemar(onlyFirst, onlySecond),
    ...verdict(first.method, second.method, pairedBootstrap(a, b, options)),
  };
}

/** Every pair of methods; p-values are McNemar's mid-p, adjusted for their number by Holm's method. */
export function comparisonTable(predictions: readonly Predictions[], options?: BootstrapOptions): Table {
  const pairs = predictions.flatMap((a, i) => predictions.slice(i + 1).map((b) => compare(a, b, options)));
  const adjusted = holm(pairs.map((p) => p.mcNemar.midP));
  return {
    columns: [
      column('first', 'First', 'text'),
      column('second', 'Second', 'text'),
      column('difference', 'Difference', 'points'),
      column('low', 'from', 'points'),
      column('high', 'to', 'points'),
      column('onlyFirst', 'Only first right', 'count'),
      column('onlySecond', 'Only second right', 'count'),
      column('p', 'McNemar mid-p', 'p'),
      column('holm', 'p, Holm', 'p'),
      column('words', 'In words', 'text'),
    ],
    rows: pairs.map((c, i) => [
      c.first,
      c.second,
      c.difference.estimate,
      c.difference.low,
      c.difference.high,
      c.mcNemar.onlyFirst,
      c.mcNemar.onlySecond,
      c.mcNemar.midP,
      adjusted[i]!,
      c.words,
    ]),
  };
}

/** Holm's step-down adjustment (1979): controls the chance of any false difference among all pairs. */
export function holm(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[a]! - p[b]!);
  const out = new Array<number>(p.length);
  let largest = 0;
  for (const [place, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, p[i]! * (p.length - place)));
    out[i] = largest;
  }
  return out;
}
