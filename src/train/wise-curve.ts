// The WiSE-FT curve of a finished run: accuracy on every test set between the network before tuning and the tuned one, kept as
// a record beside the run's results.
import { float32, type Tensor } from '../base/tensor.ts';
import { pack } from '../graph/slabs.ts';
import type { NamedTensors } from './adapter.ts';
import type { RunEvent } from './events.ts';
import type { TrainedParameters, Tuning } from './graphs.ts';
import { metricsAmongOwn, metricsOf } from './metrics.ts';
import type { EvaluationPictures } from './run-data.ts';
import type { RunEvaluation, WeakenedPictures } from './run-evaluation.ts';
import { valuesAt } from './wise.ts';

/** As the published study has them: 0, 0.1 ... 1. */
const alphas = Array.from({ length: 11 }, (_, i) => i / 10);

export interface WiseRecord {
  readonly format: 'vitune-wise-1';
  readonly alphas: readonly number[];
  /** Pictures measured on, by test set. */
  readonly pictures: Readonly<Record<string, number>>;
  /** Top-1, a share, at each alpha, by test set: `test`, then shifted ones. */
  readonly top1: Readonly<Record<string, readonly number[]>>;
}

/** Pictures of a set that a curve is measured on: its standard error is then at most 2.2 points, at eleven times the cost. */
const mostPictures = 500;

/** Forward passes over a picture that the curves of test sets of these sizes take. */
export const wisePasses = (counts: Iterable<number>): number =>
  alphas.length * [...counts].reduce((sum, count) => sum + Math.min(count, mostPictures), 0);

type Labelled = Pick<EvaluationPictures, 'count' | 'labels' | 'copy'>;

/** Evenly spaced among all: sets are sorted by class, so classes keep their shares. */
function sample(pictures: Labelled): Labelled {
  const { count, labels, copy } = pictures;
  if (count <= mostPictures) return pictures;
  const indices = Array.from({ length: mostPictures }, (_, i) => Math.floor((i * count) / mostPictures));
  return {
    count: mostPictures,
    labels: Int32Array.from(indices, (index) => labels[index]!),
    copy: (i, out, offset) => copy(indices[i]!, out, offset),
  };
}

/** `among`: whether a set's accuracy is among the classes that occur there only. */
export async function* wiseRecord(args: {
  readonly tuning: Tuning;
  readonly trained: TrainedParameters;
  readonly tensors: NamedTensors;
  readonly seed: number;
  readonly headStart: NamedTensors | undefined;
  readonly tests: ReadonlyMap<string, EvaluationPictures>;
  readonly evaluation: Pick<RunEvaluation, 'weakened'>;
  readonly among: (set: string) => boolean;
}): AsyncGenerator<RunEvent, WiseRecord, void> {
  const { tuning, trained, tests, evaluation, among, ...from } = args;
  const sets: { readonly set: string; readonly some: Labelled; readonly rows: WeakenedPictures['rows'] }[] = [];
  for (const [set, whole] of tests) {
    const { pictures, rows } = yield* evaluation.weakened(whole, alphas.length);
    sets.push({ set, some: sample(pictures), rows });
  }
  const top1: Record<string, number[]> = Object.fromEntries(sets.map(({ set }) => [set, []]));
  // One alpha after the other: its values may be a network of their own.
  for (const alpha of alphas) {
    const arrays = pack(trained.slabs, await valuesAt(alpha, { tuning, trained, ...from }));
    const params: Record<string, Tensor> = { strength: float32([], [alpha]) };
    trained.slabs.forEach((slab, i) => {
      params[`param:${slab.name}`] = float32([slab.size], arrays[i]!);
    });
    for (const { set, some, rows } of sets) {
      const measure = among(set) ? metricsAmongOwn : metricsOf;
      top1[set]!.push(measure(await rows(some, params), some.labels, tuning.classes).top1);
    }
  }
  const counts = Object.fromEntries(sets.map(({ set, some }) => [set, some.count]));
  return { format: 'vitune-wise-1', alphas, pictures: counts, top1 };
}
