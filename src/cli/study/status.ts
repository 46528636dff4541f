// vitune study status and pause: where studies stand, also while they run elsewhere.
import { Command } from 'commander';
import { silence } from '../../study/silence.ts';
import { readStanding } from '../../study/standing.ts';
import type { Store } from '../../study/store.ts';
import { printJson } from '../output.ts';
import { chosenStudies, dbOption, type LookFlags, studyOption, withStore } from './options.ts';
import { createStudyProgress, standingLines } from './progress.ts';

async function standings(store: Store, { db, study }: LookFlags) {
  const workers = await store.workers(Date.now() - silence);
  const rows = await chosenStudies(store, db, study);
  return Promise.all(rows.map(async (row) => ({ standing: await readStanding(store, row, workers), workers })));
}

/** Milliseconds between two looks with --watch. */
const refresh = 1000;

export function status(): Command {
  return new Command('status')
    .description('show where studies stand, also while they run elsewhere')
    .addOption(dbOption())
    .addOption(studyOption())
    .option('--watch', 'go on showing it until the study is done')
    .option('--json', 'print as JSON')
    .action((flags: LookFlags & { readonly watch?: boolean; readonly json?: boolean }) =>
      withStore(flags.db, 'reader', async (store) => {
        let all = await standings(store, flags);
        if (flags.json) return printJson(all.map(({ standing, workers }) => ({ ...standing, workers })));
        if (flags.watch) {
          const progress = createStudyProgress();
          while (all.some(({ standing }) => standing.status === 'running')) {
            const current = all.find(({ standing }) => standing.status === 'running')!;
            progress.show(current.standing, current.workers);
            await new Promise((wake) => setTimeout(wake, refresh));
            all = await standings(store, flags);
          }
          progress.clear();
        }
        for (const { standing, workers } of all) {
          const busy = standing.status === 'running' ? workers : [];
          // All workers of the store share its work, at one second a second each.
          const left = busy.length > 0 ? standing.workLeft / busy.length : Number.NaN;
          console.log(standingLines(standing, busy, left).join('\n'));
        }
      }),
    );
}

export function pause(): Command {
  return new Command('pause')
    .description('stop studies: runs under way are saved, nothing new is begun')
    .addOption(dbOption())
    .addOption(studyOption())
    .action((flags: LookFlags) =>
      withStore(flags.db, 'reader', async (store) => {
        for (const { id, name, status } of await chosenStudies(store, flags.db, flags.study)) {
          if (status === 'running') await store.setStatus(id, 'paused');
          console.log(`${name}: ${status === 'running' ? 'paused' : status}`);
        }
      }),
    );
}
