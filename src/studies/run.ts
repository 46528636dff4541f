// Running studies with worker processes, told as events.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism, freemem } from 'node:os';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RunError } from '../base/errors.ts';
import { type EventRun, eventRun } from '../base/event-run.ts';
import { resultsOf } from '../study/look.ts';
import { openDatabase } from '../study/open.ts';
import { createPace } from '../study/pace.ts';
import { firstTrials, studyRow } from '../study/protocol.ts';
import type { FinalResult } from '../study/results.ts';
import type { StudyRow, WorkerRow } from '../study/rows.ts';
import type { Standing } from '../study/standing.ts';
import { openStore, type Store } from '../study/store.ts';
import { supervise } from '../study/supervisor.ts';
import { readPlan, type StudyPlan } from './plan.ts';
import { chosenStudies, defaultDb, runsFolder } from './store.ts';

export interface StudyRunOptions {
  /** The store: a folder, or `postgres://user@host/name`; left out = runs/studies. */
  readonly db?: string | undefined;
  /** Worker processes; left out = as many as cores and memory allow. */
  readonly workers?: number | undefined;
  /** Checkpoints of trials under way; left out = in the store's folder, or runs/trials. */
  readonly runs?: string | undefined;
  /** What the paths of a plan that is no file start from; left out = the current folder. */
  readonly folder?: string | undefined;
  /** Aborted: what runs is saved, and the study can be gone on with. */
  readonly signal?: AbortSignal | undefined;
}

export type StudyEvent =
  | { readonly type: 'start'; readonly id: string; readonly study: string; readonly status: StudyRow['status'] }
  | {
      readonly type: 'progress';
      readonly study: string;
      readonly standing: Standing;
      readonly workers: readonly WorkerRow[];
      /** At the rate since the start; undefined until something was done. */
      readonly secondsLeft: number | undefined;
    }
  | { readonly type: 'done'; readonly study: string; readonly results: readonly FinalResult[] }
  /** It was stopped by the signal, or paused from elsewhere. */
  | { readonly type: 'interrupted'; readonly study: string };

/** A study under way: its events by `for await`, or its result. Ending the iteration early stops it as the signal does. */
export type StudyRun = EventRun<StudyEvent, Extract<StudyEvent, { type: 'done' | 'interrupted' }>>;

/** Bytes that a worker with a small model takes; larger models need `workers`. */
const workerMemory = 1.5e9;

const defaultWorkers = (threads: number): number =>
  Math.max(1, Math.min(Math.floor(availableParallelism() / threads), Math.floor(freemem() / workerMemory)));

/** The command line beside this file, compiled or not, has the worker's process. */
const isSource = extname(import.meta.url) === '.ts';
const cli = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url));

function startWorker(db: string, runs: string | undefined, id: string): ChildProcess {
  const args = [cli, 'worker', '--db', db, '--runs', runsFolder(db, runs), '--id', id];
  return spawn(process.execPath, [...(isSource ? process.execArgv : []), ...args], {
    // The channel tells a worker that this process is gone.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** Works on a study until it is done, paused or stopped. */
async function* workOn(store: Store, row: StudyRow, db: string, options: StudyRunOptions): AsyncGenerator<StudyEvent> {
  const { id, name: study, plan } = row;
  yield { type: 'start', id, study, status: row.status };
  let done = row.status === 'done';
  if (!done) {
    await store.setStatus(id, 'running');
    const looks = supervise({
      store,
      study: id,
      workers: options.workers ?? defaultWorkers(plan.threads),
      start: (worker) => startWorker(db, options.runs, worker),
      signal: options.signal ?? new AbortController().signal,
    });
    const pace = createPace();
    for await (const { standing, workers, done: over } of looks) {
      done = over;
      yield {
        type: 'progress',
        study,
        standing,
        workers,
        secondsLeft: pace(standing, workers.length, performance.now()),
      };
    }
  }
  yield done ? { type: 'done', study, results: await resultsOf(store, [row]) } : { type: 'interrupted', study };
}

async function* runEvents(plan: string | StudyPlan, options: StudyRunOptions): AsyncGenerator<StudyEvent> {
  const planned = await readPlan(plan, options.folder);
  const db = options.db ?? defaultDb;
  const store = openStore(await openDatabase(db, 'study'));
  try {
    const wanted = studyRow(planned);
    await store.addStudy(wanted, firstTrials(planned));
    const row = (await store.studies()).find(({ id }) => id === wanted.id)!;
    yield* workOn(store, row, db, options);
  } finally {
    await store.close();
  }
}

async function* resumeEvents(study: string, options: StudyRunOptions): AsyncGenerator<StudyEvent> {
  const db = options.db ?? defaultDb;
  const store = openStore(await openDatabase(db, 'study'));
  try {
    const [row, other] = await chosenStudies(store, db, study);
    if (other) throw new RunError(`resume: ${study} names several studies; give an id: ${row!.id}, ${other.id}`);
    yield* workOn(store, row!, db, options);
  } finally {
    await store.close();
  }
}

/**
 * Runs a study, or goes on with it where it stopped: the same plan in the same store is the same study. `plan` is as for
 * planStudy. Nothing happens before the first event is asked for. Throws VituneError while iterating: OptionError for a bad
 * plan, RunError where the store is taken by another study or workers can't work.
 */
export const runStudy = (plan: string | StudyPlan, options: StudyRunOptions = {}): StudyRun =>
  eventRun(runEvents(plan, options));

/** Goes on with a study of the store, by its name or id, as runStudy does. */
export const resumeStudy = (study: string, options: Omit<StudyRunOptions, 'folder'> = {}): StudyRun =>
  eventRun(resumeEvents(study, options));
