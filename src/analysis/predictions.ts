// What can be read off logits: classes, confidences, which pictures are right; and the check that methods saw the same ones.
import { DataError } from '../base/errors.ts';
import { indexOfMax } from './collect.ts';
import type { Predictions } from './records.ts';

/** Softmax of each row of logits (pictures, classes). */
export function probabilities(logits: Float32Array, classes: number): Float64Array {
  const out = new Float64Array(logits.length);
  for (let start = 0; start < logits.length; start += classes) {
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) max = Math.max(max, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += out[start + k] = Math.exp(logits[start + k]! - max);
    for (let k = 0; k < classes; k++) out[start + k]! /= sum;
  }
  return out;
}

/** (pictures,): the class with the largest score; among equals the first. scores (pictures, classes). */
export function predictedClasses(scores: Float32Array | Float64Array, classes: number): Int32Array {
  const out = new Int32Array(scores.length / classes);
  for (let i = 0; i < out.length; i++) out[i] = indexOfMax(scores.subarray(i * classes, (i + 1) * classes));
  return out;
}

/** (pictures,): probability of the predicted class. */
export function confidences({ logits, classes }: Predictions): Float64Array {
  const p = probabilities(logits, classes.length);
  const top = predictedClasses(logits, classes.length);
  return Float64Array.from(top, (k, i) => p[i * classes.length + k]!);
}

/** (pictures,): 1 where the predicted class is the right one. */
export function correctness({ logits, labels, classes }: Predictions): Uint8Array {
  return Uint8Array.from(predictedClasses(logits, classes.length), (k, i) => (k === labels[i] ? 1 : 0));
}

/** Throws DataError unless all predictions are of the same pictures in the same order, with the same labels and classes. */
export function assertSamePictures(predictions: readonly Predictions[]): void {
  const first = predictions[0];
  if (!first) throw new DataError('predictions: expected those of at least one method, got none');
  for (const p of predictions) {
    const n = p.names.length;
    if (p.labels.length !== n || p.logits.length !== n * p.classes.length)
      throw new DataError(
        `predictions of ${p.method}: ${n} pictures and ${p.classes.length} classes need ${n * p.classes.length} logits and ${n} labels, got ${p.logits.length} and ${p.labels.length}`,
      );
    const same =
      n === first.names.length &&
      p.classes.length === first.classes.length &&
      p.classes.every((c, k) => c === first.classes[k]) &&
      p.names.every((name, i) => name === first.names[i] && p.labels[i] === first.labels[i]);
    if (!same)
      throw new DataError(
        `predictions of ${p.method} and ${first.method}: methods are compared on the same pictures in the same order, these differ; evaluate both on one split`,
      );
  }
}
