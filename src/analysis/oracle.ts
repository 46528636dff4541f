// The ceiling of choosing a method per picture, and the pictures that only one method gets right.
import { mean } from './collect.ts';
import { assertSamePictures, confidences, correctness } from './predictions.ts';
import type { Predictions } from './records.ts';
import { column, type Table } from './table.ts';

/** Best single method, majority of right answers, any method right, all right: shares of the pictures. */
export function oracleTable(predictions: readonly Predictions[]): Table {
  assertSamePictures(predictions);
  const right = predictions.map(correctness);
  const votes = Array.from(right[0]!, (_, i) => right.reduce((n, r) => n + r[i]!, 0));
  const share = (rule: (votes: number) => boolean): number => votes.filter(rule).length / votes.length;
  const accuracies = right.map(mean);
  const best = accuracies.indexOf(Math.max(...accuracies));
  const ceiling = share((v) => v > 0);
  return {
    columns: [
      column('what', 'What', 'text'),
      column('share', 'Share of pictures', 'share'),
      column('gain', 'Over the best method', 'points'),
    ],
    rows: [
      [`best method: ${predictions[best]!.method}`, accuracies[best]!, 0],
      ['any method right (oracle ceiling)', ceiling, ceiling - accuracies[best]!],
      ['all methods right', share((v) => v === predictions.length), null],
      ['no method right', 1 - ceiling, null],
    ],
  };
}

/** Pictures that exactly one method gets right, its most confident first: what a gallery shows. */
export function onlyOneRight(predictions: readonly Predictions[]): Table {
  assertSamePictures(predictions);
  const right = predictions.map(correctness);
  const confidence = predictions.map(confidences);
  const rows = predictions[0]!.names.flatMap((name, i) => {
    const who = right.flatMap((r, m) => (r[i] ? [m] : []));
    if (who.length !== 1) return [];
    const { method, classes, labels } = predictions[who[0]!]!;
    return [[name, classes[labels[i]!]!, method, confidence[who[0]!]![i]!]];
  });
  return {
    columns: [
      column('picture', 'Picture', 'text'),
      column('class', 'Class', 'text'),
      column('method', 'Only right method', 'text'),
      column('confidence', 'Its confidence', 'share'),
    ],
    rows: rows.sort((a, b) => (b[3] as number) - (a[3] as number)),
  };
}
