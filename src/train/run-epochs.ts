// The epochs of a run, from its start or from its last save: steps, a validation after each epoch, saves between.
import { DivergenceError } from '../base/errors.ts';
import { adamw, sgd } from '../graph/optim.ts';
import type { Lane } from '../runtime/lanes.ts';
import type { Progress } from './checkpoint.ts';
import type { EpochEvent, RunEvent } from './events.ts';
import type { Entering } from './features.ts';
import type { TrainedParameters, Tuning } from './graphs.ts';
import { type EpochLog, openEpochLog } from './metrics-log.ts';
import { chooseMicroBatch } from './micro-batch.ts';
import type { Run } from './run-context.ts';
import type { TrainingPictures } from './run-data.ts';
import type { Evaluation, RunEvaluation } from './run-evaluation.ts';
import { probeEvent } from './run-events.ts';
import { writeHeader } from './run-records.ts';
import { bestOf, copyOf, initialState, parametersOf, withoutBest } from './run-state.ts';
import { createSaver } from './saver.ts';
import { learningRate } from './schedule.ts';
import { createSitting, type Sitting } from './sitting.ts';
import { scheduleOf } from './spec.ts';
import { createTrainer, type State, type Trainer } from './trainer.ts';

/** What a run trains, and through what pictures enter and are evaluated. */
export interface Prepared {
  readonly tuning: Tuning;
  readonly trained: TrainedParameters;
  readonly entering: Entering<TrainingPictures>;
  readonly evaluation: RunEvaluation;
}

/** A run after its last epoch. */
export interface Ended {
  readonly progress: Progress;
  readonly sitting: Sitting;
  /** The parameters to keep, of epoch `keptEpoch` (0-based). */
  readonly kept: State;
  readonly keptEpoch: number;
  /** What the process held when the last epoch was over: all that training took, since the runtime gives nothing back before. */
  readonly peakMemoryBytes: number;
  /** Their validation, where the last epoch's is theirs. */
  readonly val: Evaluation | undefined;
}

const start: Progress = {
  step: 0,
  epoch: 0,
  stepInEpoch: 0,
  lossSum: 0,
  right: 0,
  seen: 0,
  seconds: 0,
  bestTop1: -1,
  bestEpoch: -1,
};

/** Runs all epochs that are left; undefined where it was interrupted. Throws DivergenceError and RunError. */
export async function* trainEpochs(run: Run, prepared: Prepared): AsyncGenerator<RunEvent, Ended | undefined, void> {
  const { saved, options } = run;
  const { trained, entering } = prepared;
  const makers = await trainerMakers(run, prepared);
  const probed = saved ? undefined : await chooseMicroBatch(run, trained, entering, makers.trial);
  const microBatch = saved?.microBatch ?? probed!.microBatch;
  if (probed) yield probeEvent(run, probed);
  if (!saved) await writeHeader(run, trained, microBatch);
  const trainer = await makers.final(run.spec.training.batchSize, microBatch, options.place);
  try {
    const log = await openEpochLog(run.folder, saved?.progress.epoch ?? 0);
    try {
      return yield* withTrainer(run, prepared, { trainer, microBatch, log });
    } finally {
      await log.close();
    }
  } finally {
    await trainer.dispose();
  }
}

/**
 * Trainers that start where the run starts, for any batch: `trial` ones, then the `final` one. With that the start is given away:
 * of a fully trained backbone it is as large as three of it.
 */
async function trainerMakers(run: Run, { tuning, trained, entering }: Prepared) {
  const { optimizer: name, momentum, weightDecay, seed } = run.spec.training;
  const optimizer = name === 'adamw' ? adamw() : sgd({ momentum });
  const { runtime, saved } = run;
  const same = { runtime, tuning, from: entering.from, trained, optimizer, weightDecay, seed };
  let start: State = saved ? withoutBest(saved.tensors) : await initialState(run, trained, optimizer.slots);
  const trial = (batchSize: number, microBatch: number, lane?: Lane) =>
    createTrainer({ ...same, state: start, batchSize, microBatch, lane });
  return {
    trial,
    final(batchSize: number, microBatch: number, lane?: Lane) {
      const trainer = trial(batchSize, microBatch, lane);
      start = {};
      return trainer;
    },
  };
}

async function* withTrainer(
  run: Run,
  { entering, evaluation }: Prepared,
  { trainer, microBatch, log }: { readonly trainer: Trainer; readonly microBatch: number; readonly log: EpochLog },
): AsyncGenerator<RunEvent, Ended | undefined, void> {
  const { folder, data, saved, options } = run;
  const { training } = run.spec;
  const { epochs, batchSize, seed, patience } = training;
  const schedule = scheduleOf(run.spec);
  const stepsPerEpoch = Math.ceil(data.train.count / batchSize);
  const steps = stepsPerEpoch * epochs;
  const rateAt = (step: number) => learningRate(schedule, { step, stepsPerEpoch });

  let progress = saved?.progress ?? start;
  let best: State | undefined = saved && bestOf(saved.tensors);
  let val: Evaluation | undefined;
  const sitting = createSitting(progress);
  const saver = createSaver(run, microBatch);
  const exhausted = () => patience > 0 && progress.epoch - 1 - progress.bestEpoch >= patience;

  while (progress.epoch < epochs && !exhausted()) {
    const { epoch } = progress;
    const epochStart = performance.now();
    const order = data.train.order(seed, epoch);
    // The first pictures of the next epoch, so that its first step needn't wait either.
    const firstAfter = epoch + 1 < epochs ? data.train.order(seed, epoch + 1).slice(0, batchSize) : [];
    while (progress.stepInEpoch < stepsPerEpoch) {
      const from = progress.stepInEpoch * batchSize;
      const indices = order.slice(from, from + batchSize);
      const rest = order.slice(from + batchSize, from + 2 * batchSize);
      const next = rest.length > 0 ? { indices: rest, epoch } : { indices: firstAfter, epoch: epoch + 1 };
      const lr = rateAt(progress.step);
      const result = await trainer.step({
        pictures: entering.pictures,
        indices,
        epoch,
        next: next.indices.length > 0 ? next : undefined,
        step: progress.step,
        learningRate: lr,
      });
      if (!Number.isFinite(result.loss))
        throw new DivergenceError(
          `train: the loss became ${result.loss} at step ${progress.step + 1} (epoch ${epoch + 1}, learning rate ${lr.toPrecision(3)}); try a smaller --learning-rate or a longer --warmup-epochs`,
        );
      progress = {
        ...progress,
        step: progress.step + 1,
        stepInEpoch: progress.stepInEpoch + 1,
        lossSum: progress.lossSum + result.loss * indices.length,
        right: progress.right + result.right,
        seen: progress.seen + indices.length,
      };
      sitting.count(indices.length);
      const imagesPerSecond = sitting.imagesPerSecond();
      yield {
        type: 'step',
        epoch,
        step: progress.step,
        steps,
        loss: result.loss,
        learningRate: lr,
        dataSeconds: result.dataSeconds,
        imagesPerSecond,
        // The rate counts evaluation in, so the rest is at the same rate.
        secondsLeft: ((steps - progress.step) * batchSize) / imagesPerSecond,
      };
      const stop = options.signal?.aborted ?? false;
      if (stop || saver.isDue()) {
        await saver.save({ ...progress, seconds: sitting.seconds() }, trainer.state(), best);
        yield stop ? { type: 'interrupted', step: progress.step, folder } : { type: 'saved', step: progress.step };
        if (stop) return undefined;
      }
    }

    val = data.val.count > 0 ? yield* evaluation.evaluate(data.val, trainer.state(), epochs) : undefined;
    const event: EpochEvent = {
      type: 'epoch',
      epoch,
      epochs,
      train: { loss: progress.lossSum / progress.seen, top1: progress.right / progress.seen },
      val: val?.metrics,
      learningRate: rateAt(progress.step - 1),
      seconds: (performance.now() - epochStart) / 1000,
    };
    if (val && val.metrics.top1 > progress.bestTop1) {
      progress = { ...progress, bestTop1: val.metrics.top1, bestEpoch: epoch };
      if (training.keep === 'best') best = copyOf(parametersOf(trainer.state()));
    }
    progress = { ...progress, epoch: epoch + 1, stepInEpoch: 0, lossSum: 0, right: 0, seen: 0 };
    await log.add(event);
    yield event;
  }
  const over = { progress, sitting, peakMemoryBytes: process.memoryUsage.rss() };
  return best
    ? { ...over, kept: best, keptEpoch: progress.bestEpoch, val: undefined }
    : { ...over, kept: parametersOf(trainer.state()), keptEpoch: progress.epoch - 1, val };
}
