// From few pictures to many: accuracy of each method against the number of training pictures.
import { groupBy, mean } from './collect.ts';
import type { FinalResult } from './records.ts';
import { column, type Table } from './table.ts';

/** One row a set, method and number of pictures, fewest first; results that don't say their number are left out. */
export function shotsTable(results: readonly FinalResult[]): Table {
  const known = results.filter((r) => r.pictures !== undefined);
  const rows = [...groupBy(known, (r) => JSON.stringify([r.data, r.method, r.pictures])).values()].map((runs) => {
    const { data, method, pictures, parameters } = runs[0]!;
    return [data, method, pictures!, mean(runs.map((r) => r.top1)), parameters ?? null];
  });
  return {
    columns: [
      column('data', 'Set', 'text'),
      column('method', 'Method', 'text'),
      column('pictures', 'Training pictures', 'count'),
      column('top1', 'Top-1', 'share'),
      column('parameters', 'Trainable parameters', 'count'),
    ],
    rows: rows.sort(
      (a, b) =>
        String(a[0]).localeCompare(String(b[0])) ||
        String(a[1]).localeCompare(String(b[1])) ||
        (a[2] as number) - (b[2] as number),
    ),
  };
}
