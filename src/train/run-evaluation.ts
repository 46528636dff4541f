// Evaluation within a run: each set of pictures enters as features where they are kept, and one graph a kind of input serves
// all sets.

import type { Tensor } from '../base/tensor.ts';
import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator, type Evaluator, type Pictures } from './evaluator.ts';
import type { RunEvent } from './events.ts';
import type { Entering, EvaluationUse, RunFeatures } from './features.ts';
import { evaluationGraph, type TrainedParameters, type Tuning } from './graphs.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import type { Run } from './run-context.ts';
import type { EvaluationPictures } from './run-data.ts';
import { parametersOf } from './run-state.ts';
import type { State } from './trainer.ts';

export interface Evaluation {
  readonly logits: Float32Array;
  readonly metrics: Metrics;
}

/** Pictures as a graph with a merge factor takes them. */
export interface WeakenedPictures {
  readonly pictures: EvaluationPictures;
  /** Logits (pictures, classes) of some of them; `params` are `param:<slab>` arrays and `strength`. */
  rows(pictures: Pictures, params: Readonly<Record<string, Tensor>>): Promise<Float32Array>;
}

export interface RunEvaluation {
  /** `times`: how often the run evaluates these pictures. */
  evaluate(pictures: EvaluationPictures, state: State, times: number): AsyncGenerator<RunEvent, Evaluation, void>;
  /** The same pictures for the tuned network weakened by a factor, `times` times. */
  weakened(pictures: EvaluationPictures, times: number): AsyncGenerator<RunEvent, WeakenedPictures, void>;
  dispose(): Promise<void>;
}

export function createRunEvaluation(
  { runtime, data }: Run,
  tuning: Tuning,
  trained: TrainedParameters,
  features: RunFeatures,
): RunEvaluation {
  const entering = new Map<EvaluationPictures, Entering<EvaluationPictures>>();
  const evaluators = new Map<string, Evaluator>();

  const evaluatorFor = async (entered: Entering<EvaluationPictures>, use: EvaluationUse): Promise<Evaluator> => {
    const { from } = entered;
    const batch = evaluationAtOnce(tuning.config, runtime.options.device, entered.cut);
    const graph = () => evaluationGraph(tuning, trained, batch, { from, strength: use === 'weakened' });
    const key = `${use} ${from}`;
    const evaluator = evaluators.get(key) ?? (await createEvaluator(runtime, graph()));
    evaluators.set(key, evaluator);
    return evaluator;
  };

  return {
    async *evaluate(pictures, state, times) {
      const entered = entering.get(pictures) ?? (yield* features.evaluation(pictures, times, 'evaluation'));
      entering.set(pictures, entered);
      const evaluator = await evaluatorFor(entered, 'evaluation');
      const logits = await evaluator.rows(entered.pictures, parametersOf(state));
      return { logits, metrics: metricsOf(logits, pictures.labels, data.classes.length) };
    },
    async *weakened(pictures, times) {
      const entered = yield* features.evaluation(pictures, times, 'weakened');
      const { rows } = await evaluatorFor(entered, 'weakened');
      return { pictures: entered.pictures, rows };
    },
    async dispose() {
      for (const evaluator of evaluators.values()) await evaluator.dispose();
    },
  };
}
