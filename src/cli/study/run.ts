// vitune study run and resume: works on a study with worker processes until it is done.
import { Command } from 'commander';
import { resumeStudy, runStudy, type StudyRun } from '../../studies/run.ts';
import { chosenStudies, withStore } from '../../studies/store.ts';
import { type FinalResult, summarize } from '../../study/results.ts';
import { printJson } from '../output.ts';
import { dbOption, studyOption, wholeNumber } from './options.ts';
import { addPlanFlags, givenPlan, type PlanFlags } from './plan-flags.ts';
import { createStudyProgress } from './progress.ts';
import { resultsTable } from './tables.ts';

export interface RunFlags {
  readonly db: string;
  readonly workers?: number;
  readonly runs?: string;
  readonly json?: boolean;
}

const addRunFlags = (command: Command): Command =>
  command
    .addOption(dbOption())
    .option(
      '--workers <n>',
      'worker processes (default: as many as cores and memory allow)',
      wholeNumber('study', '--workers', 256),
    )
    .option('--runs <folder>', 'checkpoints of trials under way (default: in the store folder, or runs/trials)')
    .option('--json', 'print the final results as JSON');

function printResults(results: readonly FinalResult[], { json }: RunFlags): void {
  if (json) printJson(results);
  else console.log(resultsTable(summarize(results)));
}

/** Shows a study until it is done, and prints its results; or until Ctrl-C, and tells how to go on. Returns whether it is done. */
async function show(flags: RunFlags, make: (signal: AbortSignal) => StudyRun): Promise<boolean> {
  const stop = new AbortController();
  const interrupt = () => {
    if (stop.signal.aborted) process.exit(130); // the second Ctrl-C doesn't wait
    stop.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const progress = createStudyProgress();
  let done = false;
  try {
    for await (const event of make(stop.signal))
      switch (event.type) {
        case 'start':
          if (event.status === 'done') console.error(`study ${event.study} is done`);
          break;
        case 'progress':
          progress.show(event.standing, event.workers, event.secondsLeft);
          break;
        case 'interrupted':
          progress.clear();
          console.error(`stopped; saved. To go on: vitune study resume --db ${flags.db}`);
          process.exitCode = 130;
          break;
        case 'done':
          progress.clear();
          printResults(event.results, flags);
          done = true;
      }
  } finally {
    progress.clear();
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
  return done;
}

export function run(): Command {
  return addRunFlags(addPlanFlags(new Command('run').description('run a study, or go on with it'))).action(
    async (path: string | undefined, flags: RunFlags & PlanFlags) => {
      const { plan, folder } = givenPlan(path, flags);
      await show(flags, (signal) => runStudy(plan, { ...flags, folder, signal }));
    },
  );
}

export function resume(): Command {
  return addRunFlags(new Command('resume').description('go on with a study that was stopped or paused'))
    .addOption(studyOption())
    .action(async (flags: RunFlags & { readonly study?: string }) => {
      const { db, study } = flags;
      const chosen = await withStore(db, 'reader', (store) => chosenStudies(store, db, study));
      const left = study === undefined ? chosen.filter(({ status }) => status !== 'done') : chosen;
      if (left.length === 0) console.error(`nothing to go on with: all studies in ${db} are done`);
      for (const { id } of left) {
        if (!(await show(flags, (signal) => resumeStudy(id, { ...flags, signal })))) return;
      }
    });
}
