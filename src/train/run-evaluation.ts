// Evaluation within a run: each set of pictures enters as features where they are kept, and one graph a kind of input serves
// all sets.

import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import type { RunEvent } from './events.ts';
import type { Entering, RunFeatures } from './features.ts';
import { evaluationGraph, type PictureInput, type TrainedParameters, type Tuning } from './graphs.ts';
import { type Metrics, metricsOf } from './metrics.ts';
import type { Run } from './run-context.ts';
import type { EvaluationPictures } from './run-data.ts';
import { parametersOf } from './run-state.ts';
import type { State } from './trainer.ts';

export interface Evaluation {
  readonly logits: Float32Array;
  readonly metrics: Metrics;
}

export interface RunEvaluation {
  /** `times`: how often the run evaluates these pictures. */
  evaluate(pictures: EvaluationPictures, state: State, times: number): AsyncGenerator<RunEvent, Evaluation, void>;
  dispose(): Promise<void>;
}

export function createRunEvaluation(
  { runtime, data }: Run,
  tuning: Tuning,
  trained: TrainedParameters,
  features: RunFeatures,
): RunEvaluation {
  const entering = new Map<EvaluationPictures, Entering<EvaluationPictures>>();
  const evaluators = new Map<PictureInput, Evaluator>();

  const evaluatorFor = async (entered: Entering<EvaluationPictures>): Promise<Evaluator> => {
    const { from } = entered;
    const batch = evaluationAtOnce(tuning.config, runtime.options.device, entered.cut);
    const graph = () => evaluationGraph(tuning, trained, batch, { from });
    const evaluator = evaluators.get(from) ?? (await createEvaluator(runtime, graph()));
    evaluators.set(from, evaluator);
    return evaluator;
  };

  return {
    async *evaluate(pictures, state, times) {
      const entered = entering.get(pictures) ?? (yield* features.evaluation(pictures, times));
      entering.set(pictures, entered);
      const evaluator = await evaluatorFor(entered);
      const logits = await evaluator.rows(entered.pictures, parametersOf(state));
      return { logits, metrics: metricsOf(logits, pictures.labels, data.classes.length) };
    },
    async dispose() {
      for (const evaluator of evaluators.values()) await evaluator.dispose();
    },
  };
}
