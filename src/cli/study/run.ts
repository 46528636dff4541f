// vitune study run and resume: works on a study with worker processes until it is done.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, OptionError } from '../../base/errors.ts';
import { planPresets } from '../../presets/index.ts';
import { openPlan, type Study } from '../../study/check.ts';
import { firstTrials, studyId } from '../../study/protocol.ts';
import { resultsOf, summarize } from '../../study/results.ts';
import type { Store } from '../../study/store.ts';
import { supervise } from '../../study/supervisor.ts';
import { printJson } from '../output.ts';
import { studyEnvironment } from './environment.ts';
import { chosenStudies, dbOption, runsFolder, studyOption, wholeNumber, withStore } from './options.ts';
import { createStudyProgress } from './progress.ts';
import { resultsTable } from './tables.ts';

export interface RunFlags {
  readonly db: string;
  readonly workers?: number;
  readonly runs?: string;
  readonly json?: boolean;
}

/** Bytes that a worker with a small model takes; larger models need --workers. */
const workerMemory = 1.5e9;

const defaultWorkers = (threads: number): number =>
  Math.max(1, Math.min(Math.floor(availableParallelism() / threads), Math.floor(freemem() / workerMemory)));

export const addRunFlags = (command: Command): Command =>
  command
    .addOption(dbOption())
    .option('--workers <n>', 'worker processes (default: as many as cores and memory allow)', wholeNumber('study', '--workers', 256)) // biome-ignore format: one line
    .option('--runs <folder>', 'checkpoints of trials under way (default: in the store folder, or runs/trials)')
    .option('--json', 'print the final results as JSON');

export interface PlanFlags {
  readonly preset?: string;
  readonly data?: string;
}

export const addPlanFlags = (command: Command): Command =>
  command
    .argument('[plan]', 'plan file (YAML)')
    .option('--preset <name>', `a plan by name: ${planPresets.map(({ name }) => name).join(', ')}`)
    .option('--data <folder>', "where a preset's data lie (default: this folder)");

/** Reads a plan file, or the preset in its place. Throws OptionError with everything that is wrong in it. */
export async function readPlan(path: string | undefined, { preset, data }: PlanFlags): Promise<Study> {
  if (path === undefined && preset !== undefined)
    return openPlan(`preset: ${JSON.stringify(preset)}`, '--preset', resolve(data ?? '.'), studyEnvironment());
  if (path === undefined || preset !== undefined || data !== undefined)
    throw new OptionError(
      'study: takes a plan file, or --preset NAME with --data FOLDER; a plan may name a preset too',
    );
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new OptionError(`study ${path}: can't be read: ${messageOf(cause)}`, { cause });
  });
  return openPlan(text, relative('.', path) || path, dirname(resolve(path)), studyEnvironment());
}

function startWorker({ db, runs }: RunFlags, id: string): ChildProcess {
  const args = ['worker', '--db', db, '--runs', runsFolder(db, runs), '--id', id];
  return spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...args], {
    // The channel tells a worker that this process is gone.
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

/** Works until the study is done, and prints its results; or until Ctrl-C, and tells how to go on. */
async function workOn(store: Store, study: string, flags: RunFlags): Promise<void> {
  const row = (await store.studies()).find(({ id }) => id === study)!;
  if (row.status === 'done') {
    console.error(`study ${row.name} is done`);
    return printResults(store, study, flags);
  }
  await store.setStatus(study, 'running');
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(130); // the second Ctrl-C doesn't wait
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const progress = createStudyProgress();
  try {
    const done = await supervise({
      store,
      study,
      workers: flags.workers ?? defaultWorkers(row.plan.threads),
      start: (id) => startWorker(flags, id),
      signal: stop.signal,
      onStanding: progress.show,
    });
    progress.clear();
    if (done) return printResults(store, study, flags);
    console.error(`stopped; saved. To go on: vitune study resume --db ${flags.db}`);
    process.exitCode = 130;
  } finally {
    progress.clear();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

async function printResults(store: Store, study: string, { json }: RunFlags): Promise<void> {
  const rows = (await store.studies()).filter(({ id }) => id === study);
  const results = await resultsOf(store, rows);
  if (json) printJson(results);
  else console.log(resultsTable(summarize(results)));
}

export function run(): Command {
  return addRunFlags(addPlanFlags(new Command('run').description('run a study, or go on with it'))).action(
    async (path: string | undefined, flags: RunFlags & PlanFlags) => {
      const study = await readPlan(path, flags);
      const id = studyId(study);
      const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
      await withStore(flags.db, 'study', async (store) => {
        await store.addStudy({ id, name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
        await workOn(store, id, flags);
      });
    },
  );
}

export function resume(): Command {
  return addRunFlags(new Command('resume').description('go on with a study that was stopped or paused'))
    .addOption(studyOption())
    .action(async (flags: RunFlags & { readonly study?: string }) => {
      await withStore(flags.db, 'study', async (store) => {
        for (const { id, status } of await chosenStudies(store, flags.db, flags.study))
          if (status !== 'done' || flags.study !== undefined) await workOn(store, id, flags);
      });
    });
}
