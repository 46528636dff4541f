// vitune study status and pause: where studies stand, also while they run elsewhere.
import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { pauseStudies } from '../../studies/look.ts';
import { readStatus } from '../../studies/status.ts';
import { createPace } from '../../study/pace.ts';
import type { StudyStanding } from '../../study/standing.ts';
import { printJson } from '../output.ts';
import { dbOption, type LookFlags, studyOption } from './options.ts';
import { createStudyProgress, standingLines } from './progress.ts';

/** Milliseconds between two looks with --watch. */
const refresh = 1000;

/**
 * Where nobody has the store, the database runs in this process, for less than a second: most of it went into optimising code that is
 * run a few times.
 */
const spareOptimising = () => setFlagsFromString('--liftoff-only');

/** Shows the first study that runs, until none does. Returns the last look. */
async function watch(first: StudyStanding[], read: () => Promise<StudyStanding[]>): Promise<StudyStanding[]> {
  const progress = createStudyProgress();
  const pace = createPace();
  for (let all = first; ; all = await read()) {
    const current = all.find(({ standing }) => standing.status === 'running');
    if (!current) {
      progress.clear();
      return all;
    }
    progress.show(current.standing, current.workers, pace(current.standing, current.workers.length, performance.now()));
    await new Promise((wake) => setTimeout(wake, refresh));
  }
}

export function status(): Command {
  return new Command('status')
    .description('show where studies stand, also while they run elsewhere')
    .addOption(dbOption())
    .addOption(studyOption())
    .option('--watch', 'go on showing it until the study is done')
    .option('--json', 'print as JSON')
    .action(async (flags: LookFlags & { readonly watch?: boolean; readonly json?: boolean }) => {
      spareOptimising();
      const read = () => readStatus(flags.db, flags.study);
      let all = await read();
      if (flags.json) return printJson(all.map(({ standing, workers }) => ({ ...standing, workers })));
      if (flags.watch) all = await watch(all, read);
      for (const { standing, workers } of all) {
        const busy = standing.status === 'running' ? workers : [];
        // All workers of the store share its work, at one second a second each: nothing of their rate is known at a single look.
        const left = createPace()(standing, busy.length, performance.now());
        console.log(standingLines(standing, busy, left).join('\n'));
      }
    });
}

export function pause(): Command {
  return new Command('pause')
    .description('stop studies: runs under way are saved, nothing new is begun')
    .addOption(dbOption())
    .addOption(studyOption())
    .action(async (flags: LookFlags) => {
      spareOptimising();
      for (const { study, status } of await pauseStudies(flags)) console.log(`${study}: ${status}`);
    });
}
