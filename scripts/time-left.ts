// How right the time left was while a study ran: replayed from its store, whose attempts tell what was done and under way at each
// moment. For a study that ran once through, without stops.
//   npx tsx scripts/time-left.ts --db FOLDER|URL
import { parseArgs } from 'node:util';
import { openDatabase } from '../src/study/open.ts';
import type { TrialRow, WorkerRow } from '../src/study/rows.ts';
import { standingOf } from '../src/study/standing.ts';
import { openStore } from '../src/study/store.ts';
import { tallyOf } from '../test/support/study.ts';

const { values } = parseArgs({ options: { db: { type: 'string', default: 'runs/studies' } } });
const database = await openDatabase(values.db, 'reader');
const store = openStore(database);
const [study] = await store.studies();
const rows = await store.trials(study!.id);
const attempts = await database.kysely
  .selectFrom('attempt')
  .select(['trial', 'started', 'ended'])
  .where('outcome', '=', 'done')
  .execute();
await store.close();

const times = new Map(attempts.map(({ trial, started, ended }) => [trial, { started, ended: ended! }]));
const runs = rows.flatMap((row) => {
  const time = times.get(row.id);
  return time ? [{ row, ...time }] : [];
});
const begin = Math.min(...runs.map(({ started }) => started));
const end = Math.max(...runs.map(({ ended }) => ended));
// A cell's final runs come into the store when its tuning is over.
const known = (at: number) =>
  runs.filter(
    ({ row }) =>
      row.phase === 'tune' ||
      runs.every((other) => other.row.cell !== row.cell || other.row.phase !== 'tune' || other.ended <= at),
  );

let worst = 0;
console.log('elapsed  told  true  (seconds)');
for (let share = 0.1; share < 0.96; share += 0.05) {
  const at = begin + share * (end - begin);
  const tally = tallyOf(
    known(at).map(({ row, started, ended }): TrialRow => {
      const state = ended <= at ? 'done' : started <= at ? 'running' : 'queued';
      return { ...row, state, ...(state === 'done' ? {} : { seconds: null, val: null }) };
    }),
  );
  const workers = runs
    .filter(({ started, ended }) => started <= at && ended > at)
    .map(({ row, started, ended }): WorkerRow => {
      const progress = { trial: row.id, label: '', epoch: 0, epochs: 1, share: (at - started) / (ended - started) };
      return { id: row.id, host: '', pid: 0, heartbeat: at, stopped: false, progress };
    });
  const { workDone, workLeft } = standingOf(study!, tally, workers);
  const told = (workLeft * (at - begin)) / workDone / 1000;
  const truth = (end - at) / 1000;
  worst = Math.max(worst, Math.abs(told / truth - 1));
  console.log(
    `${(100 * share).toFixed(0).padStart(4)} %  ${told.toFixed(0).padStart(5)} ${truth.toFixed(0).padStart(5)}  ${(100 * (told / truth - 1)).toFixed(0).padStart(4)} %`,
  );
}
console.log(`${study!.name}: wrong by ${(100 * worst).toFixed(0)} % at most`);
