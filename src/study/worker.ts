// A worker: takes trials, trains them, brings the results home. It may be killed at any moment: what it held goes back to
// the queue, and whoever takes it next goes on from the checkpoint in the trial's folder, where that can be reached.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, RunError } from '../base/errors.ts';
import type { RunEvent } from '../train/events.ts';
import { createAttemptLog } from './attempt-log.ts';
import { studyData } from './divisions.ts';
import type { Place, StudyEnvironment } from './environment.ts';
import { advanceCell, advanceStudy } from './protocol.ts';
import type { Claim, StudyRow, WorkerProgress } from './rows.ts';
import { dropSilent } from './silence.ts';
import type { Store } from './store.ts';

/** Milliseconds between two signs of life. */
const beat = 2_000;
/** Milliseconds between two looks into an empty queue. */
const idle = 300;

/** Trials in one graph at most: twice as many hold back the others for longer and gain little more. */
const mostTogether = 8;

export interface WorkerOptions {
  /** Its name in the store: another one each time. */
  readonly id: string;
  readonly store: Store;
  readonly environment: StudyEnvironment;
  /** Holds a folder for each trial under way. */
  readonly runs: string;
  readonly signal: AbortSignal;
  /** End when no study is running any more, instead of waiting for one. */
  readonly leave: boolean;
  /** Told after each trial. */
  readonly onTrial?: (trial: string, outcome: string) => void;
}

const pause = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

/** Works until the signal is aborted or, with `leave`, there is nothing left. Throws RunError where this machine can't. */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { id: worker, store, signal, leave } = options;
  await store.addWorker(worker);
  let lastLook = 0;
  try {
    while (!signal.aborted) {
      const claim = await store.claim(worker, randomUUID());
      if (claim) {
        await workTogether(options, [claim, ...(await companionsOf(options, claim))]);
        continue;
      }
      if (leave && (await store.studies()).every(({ status }) => status !== 'running')) return;
      if (performance.now() - lastLook > beat) {
        lastLook = performance.now();
        await store.heartbeat(worker, undefined, undefined);
        await dropSilent(store);
        for (const study of await store.studies()) if (study.status === 'running') await advanceStudy(store, study);
      }
      await pause(idle);
    }
  } finally {
    await store.dropWorker(worker, 'stopped');
  }
}

/** Takes trials that wait beside a claimed one and can be trained in one graph with it. */
async function companionsOf(
  { id: worker, store, environment }: WorkerOptions,
  { trial, spec }: Claim,
): Promise<Claim[]> {
  const { together } = environment;
  const key = await together?.key(spec).catch(() => undefined); // what is wrong with the spec shows when it is run
  if (!together || key === undefined) return [];
  const companions: Claim[] = [];
  for (const beside of await store.waitingBeside(trial)) {
    if (companions.length + 1 >= mostTogether) break;
    if ((await together.key(beside.spec)) !== key) continue;
    const claim = await store.claimTrial(worker, randomUUID(), beside.id);
    if (claim) companions.push(claim);
  }
  return companions;
}

/** Trains claimed trials in one graph. Each is a trial of its own: it ends, fails or is taken away by itself. */
async function workTogether(options: WorkerOptions, claims: readonly Claim[]): Promise<void> {
  const places = claims.length > 1 ? options.environment.together!.places(claims.length) : [];
  const working: Promise<void>[] = [];
  for (const [i, claim] of claims.entries()) {
    const place = places[i];
    working.push(work(options, claim, claims.length, place).finally(() => place?.leave()));
    await place?.settled;
  }
  const refused = (await Promise.allSettled(working)).find(({ status }) => status === 'rejected');
  if (refused) throw (refused as PromiseRejectedResult).reason;
}

/** Trains one claimed trial, which shares the machine's time with `sharers` in all, and says how it ended. */
async function work(
  options: WorkerOptions,
  { attempt, trial, spec }: Claim,
  sharers: number,
  place: Place | undefined,
): Promise<void> {
  const { id: worker, store, environment, runs, signal, onTrial } = options;
  const misfit = await misfitOf(environment, spec);
  if (misfit !== undefined) {
    await store.giveBack(attempt, 'stopped', null);
    throw new RunError(`worker: trial ${trial} can't be run on this machine: ${misfit}`);
  }
  const stop = new AbortController();
  const abort = () => stop.abort();
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  let progress: WorkerProgress | undefined;
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    beating = store.heartbeat(worker, attempt, progress).then(
      (held) => {
        if (!held) abort();
      },
      abort, // without a store there is nobody to train for
    );
  }, beat);
  const label = spec.run.methods.map(({ name }) => name).join('+');
  const folder = join(runs, trial);
  const log = createAttemptLog(worker);
  const onEvent = async (event: RunEvent) => {
    log.add(event);
    if (event.type === 'step')
      progress = {
        trial,
        label,
        epoch: event.epoch,
        epochs: spec.run.training.epochs,
        share: event.step / event.steps,
      };
    if (event.type === 'epoch') await store.addEpoch(trial, event.epoch, event);
  };
  try {
    const result = await environment.run({ id: trial, spec, folder, signal: stop.signal, onEvent, place });
    if (!result) {
      await store.giveBack(attempt, 'stopped', null);
      onTrial?.(trial, 'stopped');
      return;
    }
    const kept = await store.finish(attempt, trial, { ...result, seconds: result.seconds / sharers });
    // Superseded: the folder may be in use by the worker that has the trial now.
    if (kept) await rm(folder, { recursive: true, force: true });
    onTrial?.(trial, kept ? 'done' : 'superseded');
  } catch (error) {
    // The next attempt starts anew, not from what failed.
    if (await store.holds(attempt)) await rm(folder, { recursive: true, force: true });
    await store.giveBack(attempt, 'failed', messageOf(error), log.withError(error));
    onTrial?.(trial, 'failed');
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', abort);
    await beating;
  }
  await advance(store, trial);
}

async function advance(store: Store, trial: string): Promise<void> {
  const studies = new Map((await store.studies()).map((study): [string, StudyRow] => [study.id, study]));
  for (const { study, cell } of await store.cellsOf(trial)) await advanceCell(store, studies.get(study)!, cell);
}

/** Why this machine can't run a trial: data or a model that aren't here, or aren't the same. */
async function misfitOf(
  environment: StudyEnvironment,
  { run, fingerprints }: Claim['spec'],
): Promise<string | undefined> {
  try {
    const data = await studyData(environment, run);
    if (data.fingerprint !== fingerprints.data)
      return `${run.data} holds other pictures than when the study was planned`;
    const model = await environment.model(run.model);
    if (model.fingerprint !== fingerprints.model)
      return `${run.model} holds other weights than when the study was planned`;
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
