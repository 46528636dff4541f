// Results of others in a store: the published study's, and folders in the layout of its code, ours included.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importResults } from '../../src/studies/exchange.ts';
import { exportStudy } from '../../src/studies/export-folder.ts';
import { layoutReferences } from '../../src/studies/import-layout.ts';
import { publishedReferences } from '../../src/studies/import-published.ts';
import { openDatabase } from '../../src/study/open.ts';
import { firstTrials, studyId } from '../../src/study/protocol.ts';
import { importReferences, matching, references } from '../../src/study/references.ts';
import { finalResults } from '../../src/study/results.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { runWorker } from '../../src/study/worker.ts';
import { fakeEnvironment, planOf, smallPlan } from '../support/study.ts';

let root: string;
let store: Store;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-import-'));
  store = openStore(await openDatabase(join(root, 'db'), 'study'));
});
afterAll(async () => {
  await store.close();
  await rm(root, { recursive: true, force: true });
});

it('the 503 published results are kept and found by method and data', async () => {
  await importReferences(store, 'published', publishedReferences());
  const kept = await references(store);
  expect(kept.length).toBe(503);
  const found = matching(kept, { method: 'adaptformer', data: 'cifar100' });
  expect(found.find(({ protocol }) => protocol === '1k-augmented')).toMatchObject({
    test_top1: 85.13,
    parameters: 304_320,
    best: { adapter_bottleneck: 16, adapter_scaler: 0.2, lr: 0.001, wd: 0.0001 },
  });
  // By the task's name in VTAB-1k's layout, too.
  const byTask = (data: string) => matching(kept, { method: 'lora', data }).filter((r) => r.protocol === 'vtab');
  expect(byTask('smallnorb_ele')).toEqual(byTask('smallnorb-elevation'));
  expect(byTask('smallnorb_ele').length).toBe(1);
});

it('results are kept in a store that a study has open', async () => {
  const file = join(root, 'mine.json');
  await writeFile(file, JSON.stringify([{ path: 'a/b', protocol: 'p', method: 'lora', test_top1: 50 }]));
  expect(await importResults(file, { db: join(root, 'db') })).toEqual({ source: 'mine', results: 1 });
  expect((await references(store)).filter(({ path }) => path === 'a/b').length).toBe(1);
});

it('an exported study is imported with its numbers', async () => {
  const study = await planOf(smallPlan);
  const id = studyId(study);
  const cells = study.cells.map(({ model, data, method }) => ({ model, data, method }));
  await store.addStudy({ id, name: study.plan.name, plan: study.plan, cells }, firstTrials(study));
  const { signal } = new AbortController();
  await runWorker({ id: 'w', store, environment: fakeEnvironment(), runs: join(root, 'runs'), signal, leave: true });
  const [row] = await store.studies();
  await exportStudy(store, row!, join(root, 'out'));
  const own = finalResults(row!, await store.trials(id));
  const [found, ...others] = await layoutReferences(join(root, 'out/small/cells'));
  expect(others).toEqual([]);
  expect(found).toMatchObject({ path: 'tiny/shapes/lora', method: 'lora', parameters: 100, best: own[0]!.params });
  expect(found!.test_top1).toBeCloseTo((100 * (own[0]!.top1 + own[1]!.top1)) / 2, 2);
  expect((found!.trials as object[]).length).toBe(3);
});

it('the layout is read as Python writes it, and what is wrong in it is told file by file', async () => {
  const write = async (cell: string, final: string, summary?: string) => {
    await mkdir(join(root, 'theirs', cell), { recursive: true });
    await writeFile(join(root, 'theirs', cell, 'final_result.json'), final);
    if (summary !== undefined) await writeFile(join(root, 'theirs', cell, 'tune_summary.csv'), summary);
  };
  const final =
    '{"avg_acc": 71.5, "avg_best_acc": 72.1, "inserted_parameters": 294912, "best_tune": {"lr": 0.001, "convpass_xavier_init": true}}';
  await write('dtd/convpass', final, "param_set,val_top1\n\"{'lr': 0.001, 'convpass_xavier_init': True}\",70.5\n");
  expect(await layoutReferences(join(root, 'theirs'))).toEqual([
    {
      path: 'dtd/convpass',
      protocol: 'layout',
      method: 'convpass',
      test_top1: 71.5,
      parameters: 294_912,
      best: { lr: 0.001, convpass_xavier_init: true },
      trials: [{ params: { lr: 0.001, convpass_xavier_init: true }, val_top1: 70.5 }],
    },
  ]);
  await write('dtd/lora', '{"avg_acc": 715}');
  await write('svhn/lora', final, 'param_set,val_top1\n__import__("os"),70.5\n');
  await expect(layoutReferences(join(root, 'theirs'))).rejects.toMatchObject({
    message: expect.stringContaining("2 of 3 results can't be read; none was kept") as string,
    lines: [expect.stringMatching(/^dtd\/lora: avg_acc: /), expect.stringMatching(/^svhn\/lora: /)] as string[],
  });
  await expect(layoutReferences(join(root, 'db'))).rejects.toThrow(/holds no final_result\.json/);
});
