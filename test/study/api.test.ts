// Studies from TypeScript, as `vitune/study` has them: worker processes, a real store, pictures and a model of a few kilobytes.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StudyPlan } from '../../src/studies/index.ts';
import { writePictures, writeTinyModel } from '../support/tiny.ts';

// Workers are processes of their own, of what is built.
const built = new URL('../../dist/studies/index.js', import.meta.url).href;
const api = (await import(built)) as typeof import('../../src/studies/index.ts');
const { exportStudies, importResults, pauseStudies, planStudy, resumeStudy, runStudy, studyResults, studyStatus } = api;

let root: string;
let db: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-api-'));
  db = join(root, 'db');
  process.env.VITUNE_CACHE = join(root, 'cache');
  await writePictures(join(root, 'shapes'), 12);
  await writeTinyModel(join(root, 'tiny'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const plan: StudyPlan = {
  name: 'api',
  models: 'tiny',
  data: 'shapes',
  dataOptions: { valFraction: 0.25, testFraction: 0.25 },
  methods: ['linear', { name: 'lora', options: { rank: [1, 2] } }],
  training: { epochs: 2, batchSize: 8 },
  seeds: [0, 1],
};

it('a plan says what it would run, or all that is wrong with it', async () => {
  const { name, cells, runs, duplicates } = await planStudy(plan, { folder: root });
  expect([name, runs, duplicates]).toEqual(['api', 6, 0]);
  expect(cells).toEqual([
    { model: 'tiny', data: 'shapes', method: 'linear', points: 1, tune: 0, final: 2 },
    { model: 'tiny', data: 'shapes', method: 'lora', points: 2, tune: 2, final: 2 },
  ]);
  const bad = { ...plan, data: 'nowhere', methods: ['lorra'] };
  await expect(planStudy(bad, { folder: root })).rejects.toMatchObject({
    lines: [
      expect.stringMatching(/^plan:\d+:\d+: data: .*no such folder/),
      expect.stringContaining('did you mean "lora"'),
    ],
  });
});

/** Milliseconds: a study in processes of its own takes minutes on a machine that is busy. */
const busy = 900_000;

it('a study is stopped by its signal, seen, gone on with, exported and compared', { timeout: busy }, async () => {
  const stop = new AbortController();
  const types: string[] = [];
  for await (const event of runStudy(plan, { db, folder: root, workers: 1, signal: stop.signal })) {
    types.push(event.type);
    if (event.type === 'progress' && event.standing.done > 0) stop.abort();
  }
  expect([types[0], types.at(-1), types.includes('progress')]).toEqual(['start', 'interrupted', true]);
  const [before] = await studyStatus({ db });
  expect(before!.standing).toMatchObject({ study: 'api', status: 'running', failed: 0, running: 0 });
  expect(await pauseStudies({ db, study: 'api' })).toEqual([{ study: 'api', status: 'paused' }]);

  const end = await resumeStudy('api', { db, workers: 1 }).result();
  expect(end.type).toBe('done');
  const results = await studyResults({ db });
  expect(results.map(({ method, seed }) => [method, seed])).toEqual([
    ['linear', 0],
    ['linear', 1],
    ['lora', 0],
    ['lora', 1],
  ]);
  expect(end).toMatchObject({ study: 'api', results });
  // The same plan in the same store is the same study: nothing is run again.
  const again = await runStudy(plan, { db, folder: root }).result();
  expect(again).toEqual(end);

  expect(await exportStudies(join(root, 'out'), { db })).toEqual([{ study: 'api', trials: 6 }]);
  expect(await readdir(join(root, 'out/api'))).toEqual(
    expect.arrayContaining(['results.json', 'study.json', 'trials']),
  );
  expect(await importResults('published', { db })).toEqual({ source: 'published', results: 503 });
  await expect(studyStatus({ db, study: 'apy' })).rejects.toThrow(/did you mean "api"/);
});
