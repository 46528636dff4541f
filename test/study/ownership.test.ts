// Who has an embedded store: readers go on while its owner leaves, and nobody is refused for having asked at the wrong moment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readStatus } from '../../src/studies/status.ts';
import { livingOwner, lookUp } from '../../src/study/db/owner.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { cliPath } from '../support/cli.ts';
import { killOwner } from '../support/killed-owner.ts';
import { madeUp, planOf, smallPlan } from '../support/study.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitune-owner-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = async (role: 'study' | 'reader' | 'worker') => openStore(await openDatabase(folder, role));
async function started(): Promise<Store> {
  const store = await open('study');
  const study = await planOf(smallPlan);
  const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
  await store.addStudy({ id: studyId(study), name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
  return store;
}
const names = async (store: Store) => (await store.studies()).map(({ name }) => name);

it('a reader goes on when the owner leaves, and the next study waits for it only', async () => {
  const owner = await started();
  const reader = await open('reader');
  expect(await names(reader)).toEqual(['small']);
  await owner.close();
  expect(await names(reader)).toEqual(['small']);
  expect(await livingOwner(folder)).toMatchObject({ role: 'reader', pid: process.pid });
  const next = open('study');
  await reader.close();
  expect(await names(await next)).toEqual(['small']);
  await (await next).close();
});

it('what waits for its turn while the owner leaves is answered', async () => {
  const owner = await started();
  const [a, b] = [await open('reader'), await open('reader')];
  const asked = Array.from({ length: 40 }, (_, i) => names(i % 2 ? a : b));
  await Promise.all([owner.close(), ...asked]);
  expect(new Set((await Promise.all(asked)).flat())).toEqual(new Set(['small']));
  await Promise.all([a.close(), b.close()]);
});

it('no reader is refused while owners come and go', async () => {
  await (await started()).close();
  let over = false;
  let looks = 0;
  const look = async () => {
    while (!over) {
      const reader = await open('reader');
      expect(await names(reader)).toEqual(['small']);
      await reader.close();
      looks++;
    }
  };
  const looking = look();
  for (let i = 0; i < 2; i++) await (await open('study')).close();
  over = true;
  await looking;
  expect(looks).toBeGreaterThan(0);
});

const generation = async () => (await lookUp(folder)).generation;
const standing = async () => (await readStatus(folder, undefined))[0]!.standing;

it('tells the standing without opening the database, as the last owner left it', async () => {
  const owner = await started();
  await owner.addWorker('w');
  const claim = (await owner.claim('w', 'a'))!;
  await owner.finish(claim.attempt, claim.trial, madeUp({ id: claim.trial, spec: claim.spec }));
  const open = await readStatus(folder, undefined);
  expect(open).toMatchObject([
    { standing: { done: 1, total: 5, best: [{ done: 1, points: 3 }] }, workers: [{ id: 'w' }] },
  ]);
  await owner.close();
  const before = await generation();
  expect(await readStatus(folder, undefined)).toEqual(open);
  expect(await generation()).toBe(before); // nobody owned it meanwhile
  await rm(join(folder, 'note.json'));
  expect(await readStatus(folder, undefined)).toEqual(open);
  expect(await generation()).toBe(before + 1);
  expect(await readStatus(folder, undefined)).toEqual(open);
  expect(await generation()).toBe(before + 1); // whoever looks into the database leaves a note too
});

it('opens the database where the note was cut off, or is of another layout', async () => {
  await (await started()).close();
  const file = join(folder, 'note.json');
  const whole = await readFile(file, 'utf8');
  const { text } = JSON.parse(whole) as { text: string };
  const other = JSON.stringify({ generation: 2, text: text.replace('"format":1', '"format":0') });
  for (const [i, note] of ['', whole.slice(0, -9), other].entries()) {
    await writeFile(file, note);
    expect(await standing()).toMatchObject({ study: 'small', total: 5 });
    expect(await generation()).toBe(i + 2);
  }
});

it('never tells what an owner that was killed made untrue', async () => {
  const owner = await started();
  const { id } = (await owner.studies())[0]!;
  await owner.close();
  expect((await standing()).status).toBe('running');
  expect(await killOwner(folder, `setStatus('${id}', 'paused')`)).toEqual([null, 'SIGKILL']);
  expect((await standing()).status).toBe('paused');
});

it('what is replayed after a kill does not grow with what was written', async () => {
  const database = await openDatabase(folder, 'study');
  const size = async () => {
    const { rows } = await sql<{ size: number }>`
      select (pg_current_wal_lsn() - redo_lsn)::float8 as size from pg_control_checkpoint()`.execute(database.kysely);
    return rows[0]!.size;
  };
  const megabytes = 24;
  await sql`create table filler as select string_agg(sha512(n::text::bytea), '') as bytes
    from generate_series(1, ${megabytes * 2 ** 14}) n group by n % 1000`.execute(database.kysely);
  expect(await size()).toBeGreaterThan(megabytes * 2 ** 20);
  await expect.poll(size, { timeout: 20_000, interval: 200 }).toBeLessThan(8 * 2 ** 20);
  await database.close();
});

it('a worker ends with the study that started it, also while it is starting', async () => {
  await (await started()).close();
  const isAlive = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  for (const milliseconds of [30, 1500]) {
    // As a study starts its workers (studies/run.ts); then it is killed.
    const program = `const { spawn } = require('node:child_process');
      const worker = spawn(process.execPath, ${JSON.stringify([cliPath, 'worker', '--db', folder])}, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
      console.log(worker.pid);
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${milliseconds});`;
    const study = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(study.stdout, 'data')) as [Buffer];
    await once(study, 'exit');
    const pid = Number(line.toString());
    const killed = performance.now();
    while (isAlive(pid) && performance.now() - killed < 15_000) await new Promise((wake) => setTimeout(wake, 100));
    const survived = isAlive(pid);
    if (survived) process.kill(pid, 'SIGKILL');
    expect(survived, `after ${milliseconds} ms`).toBe(false);
  }
});
