// Classification metrics against scikit-learn and torchmetrics.
import { join } from 'node:path';
import { classAccuracies, metricsOf } from '../../../src/train/metrics.ts';
import { type Case, type Checker, skipped } from '../case.ts';
import { figure, tolerances, worst } from '../compare.ts';
import { readJson } from '../tensors.ts';

interface MetricsCase {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly expected: Readonly<Record<string, number>> & {
    readonly per_class_accuracy: Readonly<Record<string, number>>;
  };
}

/** Where another class has the very logit of the right one, libraries count top-5 in three ways. */
const hasTies = ({ logits, labels }: MetricsCase) =>
  logits.some((row, i) => row.filter((x) => x === row[labels[i]!]).length > 1);

const check = (name: string, item: MetricsCase): Case => ({
  name,
  async run() {
    const { logits, labels, classes, expected } = item;
    const flat = Float32Array.from(logits.flat());
    const got = metricsOf(flat, labels, classes);
    const accuracies = classAccuracies(flat, labels, classes);
    const scalar = (what: string, value: number, want: number) => figure(what, [value], [want], tolerances.scalar);
    const perClass = Object.entries(expected.per_class_accuracy);
    return [
      scalar('top1', got.top1, expected.top1_argmax_first!),
      ...(hasTies(item) ? [] : [scalar('top5', got.top5, expected.top5_strictly_greater!)]),
      scalar('loss', got.loss, expected.nll!),
      scalar('class accuracy', got.meanClassAccuracy, expected.mean_per_class_accuracy_present_only!),
      scalar('ece', got.ece, expected.ece_15_guo!),
      worst(
        'per class',
        perClass.map(([k, want]) => scalar(k, accuracies[Number(k)]!, want)),
      ),
    ];
  },
});

export const metrics: Checker = async (folder) => {
  const json = await readJson<{ cases: Record<string, MetricsCase>; multilabel?: unknown }>(
    join(folder, 'metrics.json'),
  );
  return [
    ...Object.entries(json.cases).map(([name, item]) => check(name, item)),
    ...(json.multilabel ? [skipped('multilabel', 'vitune classifies: one label a picture')] : []),
  ];
};
