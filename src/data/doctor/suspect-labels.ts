// Labels that a model's features speak against: every picture is classified from features by a classifier that saw neither it nor
// a copy of it, and labels that are more probably wrong than right are listed with the class that the picture seems to show.
import { shuffled, stream } from '../../base/rng.ts';
import type { Listing, Picture } from '../dataset.ts';
import { type FeatureRows, outOfFoldScores } from './discriminant.ts';
import { fitNoise, softmaxRows, wrongness } from './label-noise.ts';

export interface SuspectLabel {
  readonly name: string;
  readonly label: string;
  readonly suggested: string;
  /** Probability that the label is wrong. */
  readonly confidence: number;
}

export interface LabelReport {
  /** Labels that are more probably wrong than right, the surest first. */
  readonly suspicious: readonly SuspectLabel[];
  /** Share of labels that the classifier gives itself: how well the model tells these classes apart. */
  readonly agreement: number;
  /** Classes with too few pictures to learn from; their labels aren't judged. */
  readonly unjudged: readonly string[];
}

/** Parts that take turns at being classified by what the others taught. */
const folds = 5;
/** A label is listed above this probability of being wrong. */
const listed = 0.5;

/** A fold for each picture: copies of one picture share it, the rest is dealt out class by class. */
function dealFolds(pictures: readonly Picture[], classes: readonly string[], copies: readonly (readonly string[])[]) {
  const leader = new Map(copies.flatMap((group) => group.map((name) => [name, group[0]!] as const)));
  const byLabel: number[][] = classes.map(() => []);
  pictures.forEach(({ label }, i) => {
    byLabel[label]!.push(i);
  });
  const fold = new Int32Array(pictures.length);
  const ofGroup = new Map<string, number>();
  let dealt = 0;
  byLabel.forEach((group, label) => {
    for (const i of shuffled(group, stream(0, 'label-fold', classes[label]!))) {
      const first = leader.get(pictures[i]!.name);
      const known = first === undefined ? undefined : ofGroup.get(first);
      fold[i] = known ?? dealt++ % folds;
      if (first !== undefined) ofGroup.set(first, fold[i]!);
    }
  });
  return fold;
}

/** The most probable class, besides `but` where one is named. */
function likeliest(row: Float64Array, but = -1): number {
  let best = but === 0 ? 1 : 0;
  for (let k = 0; k < row.length; k++) if (k !== but && row[k]! > row[best]!) best = k;
  return best;
}

/**
 * `features`: a row for each of `pictures`. `copies`: groups of names that look the same (DataReport.duplicates). The same
 * for the same pictures and features.
 */
export function suspectLabels(
  { classes }: Listing,
  pictures: readonly Picture[],
  features: FeatureRows,
  copies: readonly (readonly string[])[],
): LabelReport {
  const K = classes.length;
  const labels = Int32Array.from(pictures, ({ label }) => label);
  const fold = dealFolds(pictures, classes, copies);
  const occupied = classes.map(() => new Set<number>());
  labels.forEach((label, i) => {
    occupied[label]!.add(fold[i]!);
  });
  const judged = (label: number) => occupied[label]!.size === folds;
  const scores = outOfFoldScores(features, labels, K, fold);
  const noise = fitNoise(scores, labels, K);
  const probabilities = softmaxRows(scores, K, noise.temperature);
  const wrong = wrongness(probabilities, labels, K, noise);
  const rowOf = (i: number) => probabilities.subarray(i * K, (i + 1) * K);
  const indices = [...labels.keys()];
  return {
    suspicious: indices
      .filter((i) => wrong[i]! > listed && judged(labels[i]!))
      .sort((a, b) => wrong[b]! - wrong[a]! || a - b)
      .map((i) => ({
        name: pictures[i]!.name,
        label: classes[labels[i]!]!,
        suggested: classes[likeliest(rowOf(i), labels[i]!)]!,
        confidence: wrong[i]!,
      })),
    agreement: indices.filter((i) => likeliest(rowOf(i)) === labels[i]).length / Math.max(1, labels.length),
    unjudged: classes.filter((_, label) => occupied[label]!.size > 0 && !judged(label)),
  };
}
