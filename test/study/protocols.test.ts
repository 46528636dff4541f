// Studies under data protocols, with real training: VTAB-1k's two phases, and shifted test sets up to the tables.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { resultsCsv, resultsLatex, resultsTable } from '../../src/cli/study/tables.ts';
import { studyEnvironment } from '../../src/studies/environment.ts';
import { openPlan } from '../../src/study/check.ts';
import { resultsOf } from '../../src/study/look.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { summarize } from '../../src/study/results.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { runWorker } from '../../src/study/worker.ts';
import { shapeNames, writePictures, writeTinyModel } from '../support/tiny.ts';

let root: string;
let store: Store;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-protocols-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  store = openStore(await openDatabase(join(root, 'db'), 'study'));
  await writeTinyModel(join(root, 'tiny'));
});
afterAll(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

/** Runs a plan to its end; all its trials and results. */
async function runPlan(yaml: string) {
  const environment = studyEnvironment();
  const study = await openPlan(yaml, 'study.yaml', root, environment);
  const id = studyId(study);
  const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
  await store.addStudy({ id, name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
  const { signal } = new AbortController();
  await runWorker({ id: `worker of ${id}`, store, environment, runs: join(root, 'runs'), signal, leave: true });
  const rows = (await store.studies()).filter((row) => row.id === id);
  return { study, trials: await store.trials(id), results: await resultsOf(store, rows) };
}

it('VTAB-1k is tuned on train800 and val200, and tested after training on all of them', async () => {
  await writePictures(join(root, 'task'), 12);
  const lists = { train800: [0, 6], val200: [6, 8], train800val200: [0, 8], test: [8, 12] } as const;
  for (const [name, [from, to]] of Object.entries(lists)) {
    const lines = shapeNames.flatMap((shape, label) =>
      Array.from({ length: to - from }, (_, i) => `${shape}/${from + i}.png ${label}`),
    );
    await writeFile(join(root, 'task', `${name}.txt`), `${lines.join('\n')}\n`);
  }
  const { trials, results } = await runPlan(`
name: vtab
models: tiny
data: task
protocol: vtab-1k
methods: linear
training: { epochs: 2, warmupEpochs: 1, batchSize: 6, learningRate: [0.001, 0.01] }
seeds: 42
`);
  expect(trials.map(({ phase, state, val, tests }) => [phase, state, val?.pictures, tests?.test?.pictures])).toEqual([
    ['tune', 'done', 6, undefined],
    ['tune', 'done', 6, undefined],
    ['final', 'done', undefined, 12],
  ]);
  expect(results).toMatchObject([{ data: 'task', seed: 42, pictures: 12, tried: 2 }]);
  const specs = await Promise.all(trials.map(({ id }) => store.spec(id)));
  expect(specs.map(({ run }) => [run.protocol.round, run.dataOptions.trainOnVal])).toEqual([
    ['tune', false],
    ['tune', false],
    ['final', false],
  ]);
});

it('shifted test sets are kept with every final run, and shown under their names', async () => {
  await writePictures(join(root, 'domains/photo'), 12);
  await writePictures(join(root, 'domains/sketch'), 3);
  const { results, study } = await runPlan(`
name: robust
models: tiny
data: { path: domains, protocol: { name: robustness, options: { train: photo } } }
methods: linear
training: { epochs: 1, batchSize: 8 }
seeds: [0, 1]
`);
  expect(results.map(({ seed, tests }) => [seed, Object.keys(tests), tests.sketch!.pictures])).toEqual([
    [0, ['test', 'sketch'], 9],
    [1, ['test', 'sketch'], 9],
  ]);
  expect(results.every(({ top1, tests }) => top1 === tests.test!.top1)).toBe(true);
  // What the time left reckons with: every set is tested once, and at the eleven alphas of its curve.
  const [{ tests }] = results as [(typeof results)[0]];
  expect(study.cells[0]!.passes.test).toBe(12 * (tests.test!.pictures + 9));
  const summaries = summarize(results);
  const mean = (results[0]!.tests.sketch!.top1 + results[1]!.tests.sketch!.top1) / 2;
  expect(summaries[0]!.shifts.sketch!.mean).toBeCloseTo(mean, 12);
  expect(resultsTable(summaries)).toMatch(/model +data +method +sketch %\ntiny +domains +linear +\d/);
  expect(resultsLatex(summaries)).toContain('Method & domains & domains: sketch');
  const rows = resultsCsv(results).trim().split(/\r?\n/);
  expect(rows.map((row) => row.split(',')[5])).toEqual(['test_set', 'test', 'sketch', 'test', 'sketch']);
});
