// One training run from top to bottom: backbone, data, folder, epochs, test. It yields events and knows no terminal and no
// database. Everything random is drawn from (seed, epoch, step, picture), so a run that was killed and resumed ends in the
// same bits as one that was not.
import { join, resolve } from 'node:path';
import { RunError } from '../base/errors.ts';
import type { Json } from '../base/identity.ts';
import { configureProtocol } from '../data/protocols/index.ts';
import { checkMethods, configureMethods } from '../methods/index.ts';
import type { Backbone } from '../model/load.ts';
import { requireExactInt8 } from '../runtime/int8.ts';
import { nodeRuntime, openRuntime } from '../runtime/node.ts';
import type { Runtime } from '../runtime/session.ts';
import { loadCheckpoint } from './checkpoint.ts';
import type { RunEvent } from './events.ts';
import { openFeatures } from './features.ts';
import { type Tuning, trainedParameters } from './graphs.ts';
import { openInt8Weights } from './int8-weights.ts';
import { createOpenings } from './openings.ts';
import { preparationOf } from './preparation.ts';
import type { Run, RunOptions } from './run-context.ts';
import { openRunData, type RunData } from './run-data.ts';
import { trainEpochs } from './run-epochs.ts';
import { createRunEvaluation } from './run-evaluation.ts';
import { startEvent } from './run-events.ts';
import { finishRun } from './run-finish.ts';
import { checkRunFolder, runFiles, takeRunFolder } from './run-folder.ts';
import { checkPrecision, runId } from './spec.ts';
import { tuningOf } from './tuning.ts';
import { checkHeadStart, type HeadStart, zeroShotHead } from './zero-shot.ts';

/** Runs the spec. Throws a VituneError of the kind that fits; what was saved stays. */
export async function* runTraining(options: RunOptions): AsyncGenerator<RunEvent, void, void> {
  const { spec } = options;
  const runtime = await openRuntime({
    device: options.device ?? 'cpu',
    ...(options.threads ? { threads: options.threads } : {}),
  });
  const openings = options.place?.openings ?? createOpenings();
  const loaded = await openings.backbone(spec.model, { imageSize: spec.dataOptions.imageSize || undefined });
  const backbone = { ...loaded, preprocessing: preparationOf(spec, loaded.preprocessing) };
  checkMethods(configureMethods(spec.methods), backbone.config);
  checkPrecision(spec, backbone.config);
  if (spec.training.precision === 'int8') await requireExactInt8(runtime);
  const data = yield* openRunData(spec, backbone.preprocessing, options.strict ?? false, openings);
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
    yield* tuneAndTest({ options, spec, id, folder, backbone, data, runtime: same, saved, headStart });
  } finally {
    await lock.release();
  }
}

/** Builds what is tuned, then runs all epochs and the test. */
async function* tuneAndTest(run: Run): AsyncGenerator<RunEvent, void, void> {
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
    const prepared = { tuning, trained, entering, evaluation };
    const ended = yield* trainEpochs(run, prepared);
    if (ended) yield* finishRun(run, prepared, ended);
  } finally {
    await evaluation.dispose();
    features.close();
  }
}
