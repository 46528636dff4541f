// Ensembles of methods from their logits: mean probability, mean logit, majority vote, and greedy selection with
// replacement on validation pictures (Caruana et al. 2004); the gain over the best single method with a paired interval.
import { DataError } from '../base/errors.ts';
import { indexOfMax, mean } from './collect.ts';
import { assertSamePictures, correctness, predictedClasses, probabilities } from './predictions.ts';
import type { Predictions } from './records.ts';
import type { BootstrapOptions } from './statistics/bootstrap.ts';
import { pairedBootstrap, verdict } from './statistics/paired.ts';
import { column, type Table } from './table.ts';

export type Vote = 'mean-probability' | 'mean-logit' | 'majority';

/** Scores (pictures, classes) of members, each counted as often as it appears. */
export function ensembleScores(members: readonly Predictions[], vote: Vote): Float64Array {
  assertSamePictures(members);
  const classes = members[0]!.classes.length;
  const total = new Float64Array(members[0]!.logits.length);
  for (const member of members) {
    const p = probabilities(member.logits, classes);
    if (vote === 'majority') {
      const top = predictedClasses(member.logits, classes);
      for (let i = 0; i < top.length; i++) total[i * classes + top[i]!]! += 1;
      // Probabilities, too small to outvote a method, decide between classes with equally many votes.
      for (let i = 0; i < total.length; i++) total[i]! += p[i]! / (2 * members.length);
    } else {
      const scores = vote === 'mean-logit' ? member.logits : p;
      for (let i = 0; i < total.length; i++) total[i]! += scores[i]!;
    }
  }
  return total.map((s) => s / members.length);
}

const rightOf = (scores: Float64Array, { labels, classes }: Predictions): Uint8Array =>
  Uint8Array.from(predictedClasses(scores, classes.length), (k, i) => (k === labels[i] ? 1 : 0));

/**
 * Members (indices, with repeats) that greedy selection takes by accuracy of their mean probability on validation
 * pictures: at most `rounds`, cut at the round with the best accuracy (the shortest among equals).
 */
export function greedySelection(validation: readonly Predictions[], rounds = 20): number[] {
  assertSamePictures(validation);
  const first = validation[0]!;
  const all = validation.map((p) => probabilities(p.logits, p.classes.length));
  const total = new Float64Array(first.logits.length);
  const chosen: number[] = [];
  const accuracies: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const scores = all.map((p) =>
      mean(
        rightOf(
          total.map((t, i) => t + p[i]!),
          first,
        ),
      ),
    );
    const best = indexOfMax(scores);
    chosen.push(best);
    accuracies.push(scores[best]!);
    for (let i = 0; i < total.length; i++) total[i]! += all[best]![i]!;
  }
  return chosen.slice(0, indexOfMax(accuracies) + 1);
}

/**
 * Accuracy of each ensemble on the test pictures and its gain over the best single method there. The single method is
 * the one that validation picks where validation predictions (same methods, same order) are given; else the best on the
 * test pictures themselves, which favours it. Throws DataError for different pictures or methods.
 */
export function ensembleTable(
  test: readonly Predictions[],
  validation?: readonly Predictions[],
  options?: BootstrapOptions,
): Table {
  assertSamePictures(test);
  if (validation?.some((v, i) => v.method !== test[i]?.method))
    throw new DataError('ensemble: validation and test need the same methods in the same order');
  const single = test.map(correctness);
  const judged = validation ? validation.map(correctness) : single;
  const best = indexOfMax(judged.map(mean));
  const entries: { name: string; members: number; right: Uint8Array }[] = (
    [
      ['mean probability', 'mean-probability'],
      ['mean logit', 'mean-logit'],
      ['majority vote', 'majority'],
    ] as const
  ).map(([name, vote]) => ({ name, members: test.length, right: rightOf(ensembleScores(test, vote), test[0]!) }));
  if (validation) {
    const chosen = greedySelection(validation);
    const members = chosen.map((i) => test[i]!);
    entries.push({
      name: `greedy on validation: ${[...new Set(members.map((m) => m.method))].join(', ')}`,
      members: new Set(chosen).size,
      right: rightOf(ensembleScores(members, 'mean-probability'), test[0]!),
    });
  }
  const rows = entries.map(({ name, members, right }) => {
    const gain = pairedBootstrap(right, single[best]!, options);
    return [
      name,
      members,
      mean(right),
      gain.estimate,
      gain.low,
      gain.high,
      verdict(name.split(':')[0]!, test[best]!.method, gain).words,
    ];
  });
  return {
    columns: [
      column('ensemble', 'Ensemble', 'text'),
      column('members', 'Methods', 'count'),
      column('top1', 'Top-1', 'share'),
      column('gain', 'Gain', 'points'),
      column('low', 'from', 'points'),
      column('high', 'to', 'points'),
      column('words', 'In words', 'text'),
    ],
    rows: [[`best single: ${test[best]!.method}`, 1, mean(single[best]!), 0, null, null, ''], ...rows],
  };
}
