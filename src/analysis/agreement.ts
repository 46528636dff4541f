// Do methods say the same, and do they err on the same pictures? Two square matrices over methods.
import { assertSamePictures, correctness, predictedClasses } from './predictions.ts';
import type { Predictions } from './records.ts';
import { column, type Table } from './table.ts';

function matrix(names: readonly string[], value: (i: number, j: number) => number): Table {
  return {
    columns: [column('method', 'Method', 'text'), ...names.map((n) => column(n, n, 'share'))],
    rows: names.map((name, i) => [name, ...names.map((_, j) => value(i, j))]),
  };
}

/** Share of pictures on which two methods predict the same class. Throws DataError for different pictures. */
export function agreementMatrix(predictions: readonly Predictions[]): Table {
  assertSamePictures(predictions);
  const predicted = predictions.map((p) => predictedClasses(p.logits, p.classes.length));
  return matrix(
    predictions.map((p) => p.method),
    (i, j) => predicted[i]!.reduce((n, k, at) => n + (k === predicted[j]![at] ? 1 : 0), 0) / predicted[i]!.length,
  );
}

/**
 * Jaccard overlap of two methods' errors: pictures both get wrong over pictures either gets wrong; 1 where neither errs.
 * Throws DataError for different pictures.
 */
export function errorOverlapMatrix(predictions: readonly Predictions[]): Table {
  assertSamePictures(predictions);
  const right = predictions.map(correctness);
  return matrix(
    predictions.map((p) => p.method),
    (i, j) => {
      let both = 0;
      let either = 0;
      for (let at = 0; at < right[i]!.length; at++) {
        const wrong = (right[i]![at] ? 0 : 1) + (right[j]![at] ? 0 : 1);
        if (wrong === 2) both++;
        if (wrong > 0) either++;
      }
      return either === 0 ? 1 : both / either;
    },
  );
}
