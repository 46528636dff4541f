// How fast trials that cost nothing go through the store, and that none is lost or taken twice: worker processes on the
// embedded database (its owner in this process) and on a PostgreSQL server of its own.
//   npx tsx bench/queue.ts [trials] [workers] [pglite|postgres]
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/study/open.ts';
import { firstTrials, studyId } from '../src/study/protocol.ts';
import { openStore } from '../src/study/store.ts';
import { postgresBinaries, startPostgres } from '../test/support/postgres.ts';
import { madeUp, planOf } from '../test/support/study.ts';

/** A worker: takes and finishes until there is nothing left. */
async function work(db: string, name: string): Promise<void> {
  const store = openStore(await openDatabase(db, 'worker'));
  await store.addWorker(name);
  for (let i = 0; ; i++) {
    const claim = await store.claim(name, `${name}-${i}`);
    if (!claim) break;
    await store.finish(claim.attempt, claim.trial, madeUp({ id: claim.trial, spec: claim.spec }));
  }
  await store.close();
  process.exit(0); // the channel to the parent would keep this process
}

async function measure(kind: string, db: string, trials: number, workers: number): Promise<boolean> {
  const database = await openDatabase(db, 'study');
  const store = openStore(database);
  const numbers = `[${Array.from({ length: Math.ceil(trials / 100) }, (_, i) => i + 1)}]`;
  const hundred = `[${Array.from({ length: 100 }, (_, i) => i + 1)}]`;
  const study = await planOf(
    `{ name: queue, data: a, methods: { name: lora, options: { rank: ${numbers}, alpha: ${hundred} } } }`,
  );
  const id = studyId(study);
  const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
  const planned = firstTrials(study);
  await store.addStudy({ id, name: 'queue', plan: study.plan, cells }, planned);
  const begun = performance.now();
  const codes = await Promise.all(
    Array.from({ length: workers }, (_, i) => {
      const child = fork(fileURLToPath(import.meta.url), ['worker', db, `w${i}`], { execArgv: process.execArgv });
      return new Promise<number | null>((resolve) => child.on('exit', resolve));
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  const attempts = await database.kysely.selectFrom('attempt').select(['trial', 'worker', 'outcome']).execute();
  const rows = await store.trials(id);
  const done = rows.filter(({ state }) => state === 'done').length;
  const tries = new Map<string, string[]>();
  for (const { trial, worker, outcome } of attempts)
    tries.set(trial, [...(tries.get(trial) ?? []), `${worker} ${outcome ?? 'open'}`]);
  for (const [trial, several] of tries) if (several.length > 1) console.log(`  ${trial}: ${several.join(', ')}`);
  const shares = [...new Set(attempts.map(({ worker }) => worker))].map(
    (name) => attempts.filter(({ worker }) => worker === name).length,
  );
  await store.close();
  console.log(
    `${kind}: ${planned.length} trials, ${done} done, ${planned.length - done} lost, ${attempts.length - tries.size} taken twice; ${shares.join(' + ')} by ${workers} workers; ${(planned.length / seconds).toFixed(0)} trials/s`,
  );
  return done === planned.length && attempts.length === tries.size && codes.every((code) => code === 0);
}

async function embedded(trials: number, workers: number): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-queue-'));
  const fine = await measure('pglite', folder, trials, workers);
  await rm(folder, { recursive: true, force: true });
  return fine;
}

async function onServer(trials: number, workers: number): Promise<boolean> {
  const binaries = postgresBinaries();
  if (!binaries) throw new Error('postgres: no server is installed');
  const server = await startPostgres(binaries);
  const fine = await measure('postgres', server.url, trials, workers);
  await server.stop();
  return fine;
}

const [first, second, kind] = process.argv.slice(2);
if (first === 'worker') await work(second!, kind!);
else {
  let fine = true;
  for (const [name, run] of Object.entries({ pglite: embedded, postgres: onServer }))
    if (kind === undefined || kind === name) fine = (await run(Number(first ?? 10_000), Number(second ?? 4))) && fine;
  process.exit(fine ? 0 : 1);
}
