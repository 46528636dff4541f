// How right the time left was while a study ran: replayed from its store, whose attempts tell what was done and under way at each
// moment. For a study that ran once through, without stops.
//   npx tsx scripts/time-left.ts --db FOLDER|URL
import { parseArgs } from 'node:util';
import { openDatabase } from '../src/study/open.ts';
import { createPace } from '../src/study/pace.ts';
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
  .select(['trial', 'worker', 'started', 'ended'])
  .where('outcome', '=', 'done')
  .execute();
await store.close();

const times = new Map(attempts.map(({ trial, started, ended }) => [trial, { started, ended: ended! }]));
const runs = rows.flatMap((row) => {
  const time = times.get(row.id);
  return time ? [{ row, ...time }] : [];
});
const count = new Set(attempts.map(({ worker }) => worker)).size;
const begin = Math.min(...runs.map(({ started }) => started));
const end = Math.max(...runs.map(({ ended }) => ended));
// A cell's final runs come into the store when its tuning is over.
const known = (at: number) =>
  runs.filter(
    ({ row }) =>
      row.phase === 'tune' ||
      runs.every((other) => other.row.cell !== row.cell || other.row.phase !== 'tune' || other.ended <= at),
  );

/** Where the study stood at a moment. */
function standingAt(at: number) {
  const tally = tallyOf(
    known(at).map(({ row, started, ended }): TrialRow => {
      const state = ended <= at ? 'done' : started <= at ? 'running' : 'queued';
      return { ...row, state, ...(state === 'done' ? {} : { seconds: null, val: null }) };
    }),
  );
  const workers = runs
    .filter(({ started, ended }) => started <= at && ended > at)
    .map(({ row, ended }): WorkerRow => {
      // A worker tells of epochs only: what an attempt takes beyond its run's seconds comes before them.
      const length = row.seconds! * 1000;
      const share = Math.max(0, 1 - (ended - at) / length);
      return {
        id: row.id,
        host: '',
        pid: 0,
        heartbeat: at,
        stopped: false,
        progress: { trial: row.id, label: '', epoch: 0, epochs: 1, share },
      };
    });
  return { standing: standingOf(study!, tally, workers), workers: count };
}

/** A look a second, or so many that it doesn't take long. */
const looks = Math.min(2000, Math.ceil((end - begin) / 1000));
const pace = createPace();
let [worst, told] = [0, 0.1];
console.log('elapsed  told  true  (seconds)');
for (let look = 0; look < looks; look++) {
  const share = look / looks;
  const at = begin + share * (end - begin);
  const { standing, workers } = standingAt(at);
  const left = pace(standing, workers, at);
  if (share < 0.1 || share > 0.96 || left === undefined) continue;
  const truth = (end - at) / 1000;
  const wrong = left / truth - 1;
  worst = Math.max(worst, Math.abs(wrong));
  if (share < told) continue;
  told += 0.05;
  const cells = [left, truth].map((seconds) => seconds.toFixed(0).padStart(5)).join(' ');
  console.log(`${(100 * share).toFixed(0).padStart(4)} %  ${cells}  ${(100 * wrong).toFixed(0).padStart(4)} %`);
}
console.log(`${study!.name}: wrong by ${(100 * worst).toFixed(0)} % at most`);
