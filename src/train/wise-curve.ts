// The WiSE-FT curve of a finished run: accuracy on every test set between the network before tuning and the tuned one, kept as
// a record beside the run's results.
import { float32, type Tensor } from '../base/tensor.ts';
import { pack } from '../graph/slabs.ts';
import type { Runtime } from '../runtime/session.ts';
import type { NamedTensors } from './adapter.ts';
import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator } from './evaluator.ts';
import { evaluationGraph, type TrainedParameters, type Tuning } from './graphs.ts';
import { metricsAmongOwn, metricsOf } from './metrics.ts';
import type { EvaluationPictures } from './run-data.ts';
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
export async function wiseRecord(args: {
  readonly runtime: Runtime;
  readonly tuning: Tuning;
  readonly trained: TrainedParameters;
  readonly tensors: NamedTensors;
  readonly seed: number;
  readonly headStart: NamedTensors | undefined;
  readonly tests: ReadonlyMap<string, EvaluationPictures>;
  readonly among: (set: string) => boolean;
}): Promise<WiseRecord> {
  const { runtime, tuning, trained, tests, among, ...from } = args;
  const batch = evaluationAtOnce(tuning.config, runtime.options.device);
  const evaluator = await createEvaluator(runtime, evaluationGraph(tuning, trained, batch, { strength: true }));
  const samples = [...tests].map(([set, pictures]) => [set, sample(pictures)] as const);
  const top1 = new Map<string, number[]>(samples.map(([set]) => [set, []]));
  try {
    for (const alpha of alphas) {
      const arrays = pack(trained.slabs, await valuesAt(alpha, { tuning, trained, ...from }));
      const params: Record<string, Tensor> = { strength: float32([], [alpha]) };
      trained.slabs.forEach((slab, i) => {
        params[`param:${slab.name}`] = float32([slab.size], arrays[i]!);
      });
      for (const [set, pictures] of samples) {
        const logits = await evaluator.rows(pictures, params);
        const measure = among(set) ? metricsAmongOwn : metricsOf;
        top1.get(set)!.push(measure(logits, pictures.labels, tuning.classes).top1);
      }
    }
  } finally {
    await evaluator.dispose();
  }
  const pictures = Object.fromEntries(samples.map(([set, { count }]) => [set, count]));
  return { format: 'vitune-wise-1', alphas, pictures, top1: Object.fromEntries(top1) };
}
