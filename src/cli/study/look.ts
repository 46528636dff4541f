// vitune study status, pause and results: looking at a store, also while a study runs.
import { Command } from 'commander';
import { matching, references } from '../../study/references.ts';
import { resultsOf, type Summary, summarize } from '../../study/results.ts';
import { standingOf } from '../../study/standing.ts';
import type { Store } from '../../study/store.ts';
import { silence } from '../../study/worker.ts';
import { printJson } from '../output.ts';
import { chosenStudies, dbOption, studyOption, withStore } from './options.ts';
import { createStudyProgress, standingLines } from './progress.ts';
import { resultsCsv, resultsLatex, resultsTable } from './tables.ts';

interface LookFlags {
  readonly db: string;
  readonly study?: string;
}

async function standings(store: Store, { db, study }: LookFlags) {
  const workers = await store.workers(Date.now() - silence);
  const rows = await chosenStudies(store, db, study);
  return Promise.all(
    rows.map(async (row) => ({ standing: standingOf(row, await store.trials(row.id), workers), workers })),
  );
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

export function results(): Command {
  return new Command('results')
    .description('print the final results with confidence intervals')
    .addOption(dbOption())
    .addOption(studyOption())
    .option('--json', 'print an array of all final runs as JSON')
    .option('--csv', 'print all final runs as CSV')
    .option('--latex', 'print a LaTeX table: methods down, data across')
    .action((flags: LookFlags & { readonly json?: boolean; readonly csv?: boolean; readonly latex?: boolean }) =>
      withStore(flags.db, 'reader', async (store) => {
        const all = await resultsOf(store, await chosenStudies(store, flags.db, flags.study));
        if (flags.json) return printJson(all);
        if (flags.csv) return void process.stdout.write(resultsCsv(all));
        if (flags.latex) return console.log(resultsLatex(summarize(all)));
        const imported = await references(store);
        const published = (summary: Summary) => {
          const found = matching(imported, summary);
          // Several protocols may have the same method and data.
          return found
            .map(({ test_top1: top1, protocol }) => `${top1.toFixed(1)}${found.length > 1 ? ` (${protocol})` : ''}`)
            .join(', ');
        };
        console.log(resultsTable(summarize(all), imported.length > 0 ? published : undefined));
      }),
    );
}
