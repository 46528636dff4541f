// One training run from top to bottom: backbone, data, probe, epochs, test. It yields events and knows no terminal and no
// database. Everything random is drawn from (seed, epoch, step, picture), so a run that was killed and resumed ends in the
// same bits as one that was not.
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DivergenceError, RunError } from '../base/errors.ts';
import type { Json } from '../base/identity.ts';
import { configureProtocol } from '../data/protocols/index.ts';
import { adamw, sgd } from '../graph/optim.ts';
import { unpack } from '../graph/slabs.ts';
import { checkMethods, configureMethods } from '../methods/index.ts';
import { type Backbone, loadBackbone } from '../model/load.ts';
import { requireExactInt8 } from '../runtime/int8.ts';
import type { Lane } from '../runtime/lanes.ts';
import { nodeRuntime, openRuntime } from '../runtime/node.ts';
import type { Runtime } from '../runtime/session.ts';
import { saveAdapter } from './adapter.ts';
import { loadCheckpoint, type Progress, saveCheckpoint } from './checkpoint.ts';
import type { RunEvent } from './events.ts';
import { type Entering, openFeatures } from './features.ts';
import { type TrainedParameters, type Tuning, trainedParameters } from './graphs.ts';
import { openInt8Weights } from './int8-weights.ts';
import { type Metrics, metricsAmongOwn } from './metrics.ts';
import { appendEpoch, trimEpochs, writeTable } from './metrics-log.ts';
import { chooseMicroBatch } from './micro-batch.ts';
import { preparationOf } from './preparation.ts';
import type { Run, RunOptions } from './run-context.ts';
import { openRunData, type RunData, type TrainingPictures } from './run-data.ts';
import { createRunEvaluation, type Evaluation, type RunEvaluation } from './run-evaluation.ts';
import { probeEvent, startEvent } from './run-events.ts';
import { checkRunFolder, runFiles, takeRunFolder, writeJson } from './run-folder.ts';
import { adapterConfig, saveLogits, writeHeader } from './run-records.ts';
import { bestOf, initialState, parametersOf, rename, withoutBest } from './run-state.ts';
import { learningRate } from './schedule.ts';
import { checkPrecision, runId, scheduleOf, shiftsAmongOwnClasses } from './spec.ts';
import { createTrainer, type State } from './trainer.ts';
import { tuningOf } from './tuning.ts';
import { wiseRecord } from './wise-curve.ts';
import { checkHeadStart, type HeadStart, zeroShotHead } from './zero-shot.ts';

/** Seconds between two saves at least; saving may take up to this share of the time. */
const saveInterval = Number(process.env.VITUNE_SAVE_SECONDS ?? 10);
const saveShare = 0.02;

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

/** Runs the spec. Throws a VituneError of the kind that fits; what was saved stays. */
export async function* runTraining(options: RunOptions): AsyncGenerator<RunEvent, void, void> {
  const { spec } = options;
  const runtime = await openRuntime({
    device: options.device ?? 'cpu',
    ...(options.threads ? { threads: options.threads } : {}),
  });
  const loaded = await loadBackbone(spec.model, { imageSize: spec.dataOptions.imageSize || undefined });
  const backbone = { ...loaded, preprocessing: preparationOf(spec, loaded.preprocessing) };
  checkMethods(configureMethods(spec.methods), backbone.config);
  checkPrecision(spec, backbone.config);
  if (spec.training.precision === 'int8') await requireExactInt8(runtime);
  const data = yield* openRunData(spec, backbone.preprocessing, options.strict ?? false);
  try {
    const headStart =
      spec.training.head === 'zero-shot'
        ? await zeroShotHead(backbone, data.classes, spec.training, runtime)
        : undefined;
    yield* inFolder(options, backbone, data, runtime, headStart);
  } finally {
    data.close();
  }
}

/** The run in its folder, which no other process may use meanwhile. */
async function* inFolder(
  options: RunOptions,
  backbone: Backbone,
  data: RunData,
  runtime: Runtime,
  headStart: HeadStart | undefined,
): AsyncGenerator<RunEvent, void, void> {
  const { spec } = options;
  const id = runId(spec, {
    data: data.fingerprint,
    model: backbone.fingerprint,
    ...(headStart && { head: headStart.fingerprint }),
  });
  const round = configureProtocol(spec.protocol).rounds.length > 1 ? [spec.protocol.round] : [];
  const name = [data.name, spec.methods.map((m) => m.name).join('+'), ...round, id.slice(0, 8)].join('-');
  const folder = resolve(options.folder ?? join('runs', name));
  await checkRunFolder(folder, id, spec as unknown as Json, options.resume ?? false);
  const lock = await takeRunFolder(folder);
  try {
    const saved = options.resume ? await loadCheckpoint(join(folder, runFiles.state)) : undefined;
    if (saved && saved.runId !== id)
      throw new RunError(`${folder}: its saved state belongs to run ${saved.runId}, not ${id}; give another --out`);
    // Sums depend on the number of threads: a resumed run keeps its own.
    const same = saved && !options.threads ? nodeRuntime({ ...runtime.options, threads: saved.threads }) : runtime;
    yield* epochs({ options, spec, id, folder, backbone, data, runtime: same, saved, headStart });
  } finally {
    await lock.release();
  }
}

/** Builds what is tuned, then runs all epochs and the test. */
async function* epochs(run: Run): AsyncGenerator<RunEvent, void, void> {
  const { precision } = run.spec.training;
  const tuning: Tuning = {
    ...tuningOf(run.spec, run.backbone, run.data.classes.length, run.headStart),
    ...(precision === 'int8' ? { int8: await openInt8Weights(run.backbone) } : {}),
  };
  const trained = trainedParameters(tuning);
  if (run.headStart) checkHeadStart(trained.specs, run.headStart);
  yield startEvent(run, trained);
  const features = openFeatures(run, tuning, trained);
  const evaluation = createRunEvaluation(run, tuning, trained, features);
  try {
    const entering = yield* features.training();
    yield* trainAndTest(run, { tuning, trained, entering, evaluation });
  } finally {
    await evaluation.dispose();
    features.close();
  }
}

interface Prepared {
  readonly tuning: Tuning;
  readonly trained: TrainedParameters;
  readonly entering: Entering<TrainingPictures>;
  readonly evaluation: RunEvaluation;
}

async function* trainAndTest(
  run: Run,
  { tuning, trained, entering, evaluation }: Prepared,
): AsyncGenerator<RunEvent, void, void> {
  const { spec, id, folder, data, runtime, saved, options } = run;
  const { training } = spec;
  const optimizer = training.optimizer === 'adamw' ? adamw() : sgd({ momentum: training.momentum });
  const schedule = scheduleOf(spec);
  const stepsPerEpoch = Math.ceil(data.train.count / training.batchSize);
  const steps = stepsPerEpoch * training.epochs;

  const initial = saved ? withoutBest(saved.tensors) : await initialState(run, trained, optimizer.slots);
  const trainerOf = (batchSize: number, microBatch: number, lane?: Lane) =>
    createTrainer({
      runtime,
      tuning,
      from: entering.from,
      trained,
      optimizer,
      weightDecay: training.weightDecay,
      batchSize,
      microBatch,
      seed: training.seed,
      state: initial,
      lane,
    });
  const probed = saved ? undefined : await chooseMicroBatch(run, trained, entering, trainerOf);
  const microBatch = saved?.microBatch ?? probed!.microBatch;
  if (probed) yield probeEvent(run, probed);
  if (!saved) await writeHeader(run, trained, microBatch);

  const trainer = await trainerOf(training.batchSize, microBatch, options.lane);
  let progress = saved?.progress ?? start;
  let best: State | undefined = saved && bestOf(saved.tensors);
  await trimEpochs(folder, progress.epoch);

  const sitting = { start: performance.now(), seconds: progress.seconds, pictures: 0 };
  const secondsSoFar = () => sitting.seconds + (performance.now() - sitting.start) / 1000;
  let lastSave = { at: performance.now(), took: 0 };
  const save = async () => {
    const begun = performance.now();
    await saveCheckpoint(join(folder, runFiles.state), {
      runId: id,
      microBatch,
      threads: runtime.options.threads,
      progress: { ...progress, seconds: secondsSoFar() },
      tensors: { ...trainer.state(), ...(best ? rename(best, (name) => `best:${name}`) : {}) },
    });
    lastSave = { at: performance.now(), took: (performance.now() - begun) / 1000 };
  };
  const saveIsDue = () => (performance.now() - lastSave.at) / 1000 > Math.max(saveInterval, lastSave.took / saveShare);
  const exhausted = () => training.patience > 0 && progress.epoch - 1 - progress.bestEpoch >= training.patience;

  try {
    let lastVal: Evaluation | undefined;
    while (progress.epoch < training.epochs && !exhausted()) {
      const { epoch } = progress;
      const epochStart = performance.now();
      const order = data.train.order(training.seed, epoch);
      // The first pictures of the next epoch, so that its first step needn't wait either.
      const orderAfter = epoch + 1 < training.epochs ? data.train.order(training.seed, epoch + 1) : [];
      const firstAfter = orderAfter.slice(0, training.batchSize);
      while (progress.stepInEpoch < stepsPerEpoch) {
        const from = progress.stepInEpoch * training.batchSize;
        const indices = order.slice(from, from + training.batchSize);
        const rest = order.slice(from + training.batchSize, from + 2 * training.batchSize);
        const next = rest.length > 0 ? { indices: rest, epoch } : { indices: firstAfter, epoch: epoch + 1 };
        const lr = learningRate(schedule, { step: progress.step, stepsPerEpoch });
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
        sitting.pictures += indices.length;
        const rate = sitting.pictures / ((performance.now() - sitting.start) / 1000);
        yield {
          type: 'step',
          epoch,
          step: progress.step,
          steps,
          loss: result.loss,
          learningRate: lr,
          dataSeconds: result.dataSeconds,
          imagesPerSecond: rate,
          // The rate counts evaluation in, so the rest is at the same rate.
          secondsLeft: ((steps - progress.step) * training.batchSize) / rate,
        };
        const stop = options.signal?.aborted ?? false;
        if (stop || saveIsDue()) {
          await save();
          yield stop ? { type: 'interrupted', step: progress.step, folder } : { type: 'saved', step: progress.step };
          if (stop) return;
        }
      }

      lastVal = data.val.count > 0 ? yield* evaluation.evaluate(data.val, trainer.state(), training.epochs) : undefined;
      const val = lastVal?.metrics;
      const event: RunEvent = {
        type: 'epoch',
        epoch,
        epochs: training.epochs,
        train: { loss: progress.lossSum / progress.seen, top1: progress.right / progress.seen },
        val,
        learningRate: learningRate(schedule, { step: progress.step - 1, stepsPerEpoch }),
        seconds: (performance.now() - epochStart) / 1000,
      };
      if (val && val.top1 > progress.bestTop1) {
        progress = { ...progress, bestTop1: val.top1, bestEpoch: epoch };
        if (training.keep === 'best') best = parametersOf(trainer.state());
      }
      progress = { ...progress, epoch: epoch + 1, stepInEpoch: 0, lossSum: 0, right: 0, seen: 0 };
      await appendEpoch(folder, event);
      yield event;
    }

    const kept = best ?? parametersOf(trainer.state());
    const val = best && data.val.count > 0 ? yield* evaluation.evaluate(data.val, kept, training.epochs) : lastVal;
    if (val) await saveLogits(run, runFiles.valLogits, new Map([['val', data.val]]), new Map([['val', val.logits]]));
    const amongOwn = shiftsAmongOwnClasses(spec.protocol);
    const tests: Record<string, Metrics> = {};
    const logits = new Map<string, Float32Array>();
    const among = (set: string) => set !== 'test' && amongOwn;
    for (const [set, pictures] of options.test === false ? [] : data.tests) {
      const result = yield* evaluation.evaluate(pictures, kept, 1);
      tests[set] = among(set) ? metricsAmongOwn(result.logits, pictures.labels, data.classes.length) : result.metrics;
      logits.set(set, result.logits);
    }
    if (logits.size > 0) await saveLogits(run, runFiles.testLogits, data.tests, logits);
    const arrays = trained.slabs.map((slab) => kept[`param:${slab.name}`]!.data);
    const tensors = unpack(trained.slabs, arrays);
    await saveAdapter(folder, adapterConfig(run), tensors, run.headStart?.tensors);
    if (options.wise && Object.keys(tests).some((set) => set !== 'test')) {
      const headStart = run.headStart?.tensors;
      const from = { runtime, tuning, trained, tensors, seed: training.seed, headStart };
      await writeJson(join(folder, runFiles.wise), await wiseRecord({ ...from, tests: data.tests, among }));
    }
    await writeTable(folder);
    const done: RunEvent = {
      type: 'done',
      id,
      folder,
      keptEpoch: best ? progress.bestEpoch : progress.epoch - 1,
      stoppedEarly: progress.epoch < training.epochs,
      val: val?.metrics,
      test: tests.test,
      tests,
      seconds: secondsSoFar(),
    };
    const { count: trainable, countWithoutHead: trainableWithoutHead } = trained;
    await writeJson(join(folder, runFiles.spec), {
      id,
      status: 'done',
      spec,
      trainable,
      trainableWithoutHead,
      result: done,
    });
    await rm(join(folder, runFiles.state), { force: true });
    yield done;
  } finally {
    await trainer.dispose();
  }
}
