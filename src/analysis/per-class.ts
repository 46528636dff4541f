// Accuracy of each class by each method, and the classes on which methods differ most.
import { assertSamePictures, correctness } from './predictions.ts';
import type { Predictions } from './records.ts';
import { column, type Table } from './table.ts';

/** One row a class, largest difference between methods first; null for a class without pictures. */
export function perClassTable(predictions: readonly Predictions[]): Table {
  assertSamePictures(predictions);
  const { classes, labels } = predictions[0]!;
  const right = predictions.map(correctness);
  const rows = classes.map((name, k) => {
    const pictures = Array.from(labels, (label, i) => (label === k ? i : -1)).filter((i) => i >= 0);
    if (pictures.length === 0) return [name, 0, null, ...predictions.map(() => null)];
    const shares = right.map((r) => pictures.reduce((n, i) => n + r[i]!, 0) / pictures.length);
    return [name, pictures.length, Math.max(...shares) - Math.min(...shares), ...shares];
  });
  return {
    columns: [
      column('class', 'Class', 'text'),
      column('pictures', 'Pictures', 'count'),
      column('difference', 'Best minus worst', 'spread'),
      ...predictions.map((p) => column(`method:${p.method}`, p.method, 'share')),
    ],
    rows: rows.sort((a, b) => ((b[2] as number | null) ?? -1) - ((a[2] as number | null) ?? -1)),
  };
}
