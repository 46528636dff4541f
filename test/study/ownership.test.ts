// Who has an embedded store: readers go on while its owner leaves, and nobody is refused for having asked at the wrong moment.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { livingOwner } from '../../src/study/db/owner.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { planOf, smallPlan } from '../support/study.ts';

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
