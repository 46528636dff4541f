// vitune worker: takes trials of the studies in a store and trains them, on this machine or another one.
import { randomUUID } from 'node:crypto';
import { Command, Option } from 'commander';
import { studyEnvironment } from '../../studies/environment.ts';
import { runsFolder } from '../../studies/store.ts';
import { openDatabase } from '../../study/open.ts';
import { openStore } from '../../study/store.ts';
import { runWorker } from '../../study/worker.ts';
import { dbOption } from '../study/options.ts';

interface Flags {
  readonly db: string;
  readonly runs?: string;
  readonly leave?: boolean;
  readonly id?: string;
}

export function worker(): Command {
  return new Command('worker')
    .description('train trials of the studies in a store until stopped')
    .addOption(dbOption())
    .option('--runs <folder>', 'checkpoints of trials under way (default: in the store folder, or runs/trials)')
    .option('--leave', 'end when no study is running, instead of waiting for one')
    .addOption(new Option('--id <id>', 'name in the store').hideHelp())
    .action(async ({ db, runs, leave, id }: Flags) => {
      const stop = new AbortController();
      const abort = () => stop.abort();
      process.on('SIGINT', abort).on('SIGTERM', abort);
      // Started by a study: when that process is gone, so is the database, or the one who would take the results.
      process.on('disconnect', () => process.exit(1));
      if (process.connected === false) process.exit(1); // it went while this one was starting
      const store = openStore(await openDatabase(db, 'worker'));
      try {
        await runWorker({
          id: id ?? randomUUID(),
          store,
          environment: studyEnvironment(),
          runs: runsFolder(db, runs),
          signal: stop.signal,
          leave: leave ?? false,
          onTrial: (trial, outcome) => console.log(`${trial} ${outcome}`),
        });
      } finally {
        await store.close();
      }
      process.exit(0); // the channel to a study would keep this process
    });
}
