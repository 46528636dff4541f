// Runs a study with worker processes of this machine: starts them, puts a new one in the place of one that died, brings the
// study forward, and ends them when it is done.
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { RunError } from '../base/errors.ts';
import { readStanding } from './look.ts';
import { advanceStudy } from './protocol.ts';
import type { StudyRow, WorkerRow } from './rows.ts';
import { dropSilent, silence } from './silence.ts';
import type { Standing } from './standing.ts';
import type { Store } from './store.ts';

export interface SuperviseOptions {
  readonly store: Store;
  readonly study: string;
  readonly workers: number;
  /** Starts a worker process that calls itself `id`; its standard error must be piped. */
  readonly start: (id: string) => ChildProcess;
  /** Aborted: the workers save and end, and so does this. */
  readonly signal: AbortSignal;
}

/** The study as it stands, with the workers that were heard from lately. */
export interface Look {
  readonly standing: Standing;
  readonly workers: readonly WorkerRow[];
  readonly done: boolean;
}

/** Milliseconds between two looks at the study: more where looking takes long, so that it takes a tenth of the time, up to a limit. */
const look = 500;
const longestPause = 5_000;
/** Workers that end by themselves, one after the other, before the study is given up: the machine can't run it. */
const maxRefusals = 3;

const sleep = (milliseconds: number) => new Promise<void>((wake) => setTimeout(wake, milliseconds));

/**
 * Yields a look from time to time, the last one when the study is done, paused or stopped; no more looks are asked for = it is
 * stopped. Throws RunError where workers can't work.
 */
export async function* supervise(options: SuperviseOptions): AsyncGenerator<Look> {
  const { store, signal } = options;
  const children = new Map<string, ChildProcess>();
  let ending = false;
  let refusals = 0;
  let refusal: string | undefined;
  const dropping = new Set<Promise<void>>();
  const start = () => {
    const id = randomUUID();
    const child = options.start(id);
    children.set(id, child);
    let lastLine = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      lastLine = chunk.toString().trim().split('\n').at(-1) || lastLine;
    });
    child.on('exit', (code) => {
      children.delete(id);
      // A worker that was told to end has given back what it held; one that died has not.
      const drop = store.dropWorker(id, code === 0 ? 'stopped' : 'lost').catch(() => {});
      dropping.add(drop);
      void drop.then(() => dropping.delete(drop));
      if (code !== null && code !== 0) {
        refusals++;
        refusal = lastLine;
      }
      if (!ending && refusals < maxRefusals) start();
    });
  };
  const end = async () => {
    ending = true;
    for (const child of children.values()) child.kill('SIGTERM');
    while (children.size > 0) await sleep(20);
    await Promise.all(dropping);
  };

  for (let i = 0; i < options.workers; i++) start();
  let doneBefore = -1;
  try {
    for (;;) {
      const begun = performance.now();
      const study = (await store.studies()).find(({ id }) => id === options.study) as StudyRow;
      const done = await advanceStudy(store, study);
      await dropSilent(store);
      const workers = await store.workers(Date.now() - silence);
      const standing = await readStanding(store, study, workers);
      yield { standing, workers, done };
      if (standing.done > doneBefore) refusals = 0;
      doneBefore = standing.done;
      if (done || signal.aborted || study.status === 'paused') return;
      if (refusals >= maxRefusals) throw new RunError(refusal || 'study: its workers end without a word');
      await sleep(Math.min(longestPause, Math.max(look, 9 * (performance.now() - begun))));
    }
  } finally {
    await end();
  }
}
