// The end of a run: tests with the parameters that are kept, and all that its folder holds from then on.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unpack } from '../graph/slabs.ts';
import { saveAdapter } from './adapter.ts';
import type { RunEvent } from './events.ts';
import { type Metrics, metricsAmongOwn } from './metrics.ts';
import { writeTable } from './metrics-log.ts';
import type { Run } from './run-context.ts';
import type { Ended, Prepared } from './run-epochs.ts';
import { runFiles, writeJson } from './run-folder.ts';
import { adapterConfig, saveLogits } from './run-records.ts';
import { shiftsAmongOwnClasses } from './spec.ts';
import { wiseRecord } from './wise-curve.ts';

/** Tests and writes down what came out; the last event is `done`. Throws RunError where the disk can't take it. */
export async function* finishRun(
  run: Run,
  { tuning, trained, evaluation }: Prepared,
  { progress, sitting, kept, keptEpoch, peakMemoryBytes, val: known }: Ended,
): AsyncGenerator<RunEvent, void, void> {
  const { spec, id, folder, data, options, headStart } = run;
  const { epochs, seed } = spec.training;
  const val = known ?? (data.val.count > 0 ? yield* evaluation.evaluate(data.val, kept, epochs) : undefined);
  if (val) await saveLogits(run, runFiles.valLogits, new Map([['val', data.val]]), new Map([['val', val.logits]]));

  const amongOwn = shiftsAmongOwnClasses(spec.protocol);
  const among = (set: string) => set !== 'test' && amongOwn;
  const tests: Record<string, Metrics> = {};
  const logits = new Map<string, Float32Array>();
  for (const [set, pictures] of options.test === false ? [] : data.tests) {
    const result = yield* evaluation.evaluate(pictures, kept, 1);
    tests[set] = among(set) ? metricsAmongOwn(result.logits, pictures.labels, data.classes.length) : result.metrics;
    logits.set(set, result.logits);
  }
  if (logits.size > 0) await saveLogits(run, runFiles.testLogits, data.tests, logits);

  const arrays = trained.slabs.map((slab) => kept[`param:${slab.name}`]!.data);
  const tensors = unpack(trained.slabs, arrays);
  await saveAdapter(folder, adapterConfig(run), tensors, headStart?.tensors);
  if (options.wise && Object.keys(tests).some((set) => set !== 'test')) {
    const from = { tuning, trained, tensors, seed, headStart: headStart?.tensors };
    const record = yield* wiseRecord({ ...from, tests: data.tests, evaluation, among });
    await writeJson(join(folder, runFiles.wise), record);
  }
  await writeTable(folder);

  const done: RunEvent = {
    type: 'done',
    id,
    folder,
    keptEpoch,
    stoppedEarly: progress.epoch < epochs,
    val: val?.metrics,
    test: tests.test,
    tests,
    seconds: sitting.seconds(),
    peakMemoryBytes,
  };
  const { count: trainable, countWithoutHead: trainableWithoutHead } = trained;
  const record = { id, status: 'done', spec, trainable, trainableWithoutHead, result: done };
  await writeJson(join(folder, runFiles.spec), record);
  await rm(join(folder, runFiles.state), { force: true });
  yield done;
}
