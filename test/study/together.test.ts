// A study whose trials are trained together has the results, to the bit, of one that trains each alone.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { studyEnvironment } from '../../src/studies/environment.ts';
import type { StudyEnvironment, TrialJob } from '../../src/study/environment.ts';
import { openDatabase } from '../../src/study/open.ts';
import { openStore } from '../../src/study/store.ts';
import { runTinyStudy } from '../support/tiny-study.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-together-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** Every trial's method, phase, metrics and files, and how many trials were under way when it began. */
async function resultsOf(folder: string, environment: StudyEnvironment) {
  let running = 0;
  const beside = new Map<string, number>();
  const run = async (job: TrialJob) => {
    beside.set(job.id, ++running);
    try {
      return await environment.run(job);
    } finally {
      running--;
    }
  };
  await runTinyStudy(join(root, folder), { ...environment, run });
  const store = openStore(await openDatabase(join(root, folder, 'db'), 'study'));
  try {
    const [study] = await store.studies();
    const rows = await store.trials(study!.id);
    const results = await Promise.all(
      rows.map(async ({ id, cell, phase, point, state, val, tests }) => {
        const files = (await store.artifacts(id)).map(({ name, sha256 }) => [
          name,
          name.endsWith('.json') ? '' : sha256,
        ]);
        return { cell, phase, point, state, val, tests, files };
      }),
    );
    const most = (cell: number) =>
      Math.max(...rows.filter((row) => row.cell === cell).map(({ id }) => beside.get(id)!));
    return { results, most: study!.cells.map((_, cell) => most(cell)) };
  } finally {
    await store.close();
  }
}

it('grid points and seeds of a head share a graph, those of LoRA are trained alone; results are the same', async () => {
  const { together, ...alone } = studyEnvironment();
  const apart = await resultsOf('apart', alone);
  expect(apart.most).toEqual([1, 1]);
  const shared = await resultsOf('shared', { ...alone, together: together! });
  expect(shared.results.every(({ state }) => state === 'done')).toBe(true);
  expect(shared.most).toEqual([2, 1]); // linear; lora
  expect(shared.results).toEqual(apart.results);
}, 900_000); // minutes on a machine that is busy
