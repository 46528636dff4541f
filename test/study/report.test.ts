// A study's report from a real store: trials that were really trained, their logits and pictures; and what a report does with
// logits of shifted sets.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mean } from '../../src/analysis/collect.ts';
import { correctness } from '../../src/analysis/predictions.ts';
import { float32, type Tensor } from '../../src/base/tensor.ts';
import { encodeSafetensors } from '../../src/formats/safetensors.ts';
import { renderReport } from '../../src/report/report.ts';
import { studyTables } from '../../src/report/tables.ts';
import { studyEnvironment } from '../../src/studies/environment.ts';
import { analysisRecords, shotResults } from '../../src/study/analysis-records.ts';
import { readLogits } from '../../src/study/logits.ts';
import { openDatabase } from '../../src/study/open.ts';
import { reportRecords } from '../../src/study/report-records.ts';
import type { StudyRow, TrialRow } from '../../src/study/rows.ts';
import { openStore, type Store } from '../../src/study/store.ts';
import { galleryOf } from '../../src/web/server/gallery.ts';
import { vitune } from '../support/cli.ts';
import { metrics } from '../support/study.ts';
import { runTinyStudy } from '../support/tiny-study.ts';

let root: string;
let store: Store;
let study: StudyRow;
let rows: readonly TrialRow[];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-report-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  await runTinyStudy(root, studyEnvironment());
  store = openStore(await openDatabase(join(root, 'db'), 'study'));
  study = (await store.studies())[0]!;
  rows = await store.trials(study.id);
});
afterAll(async () => {
  await store?.close();
  await rm(root, { recursive: true, force: true });
});

it('predictions are those that the stored accuracies were made from', async () => {
  const { results, trials, predictions } = await analysisRecords(store, study);
  expect([results.length, trials.length, predictions.length]).toEqual([4, 4, 1]);
  const [{ test, validation }] = predictions as [(typeof predictions)[number]];
  expect(test.map(({ method, seed }) => `${method} ${seed}`)).toEqual(['linear 0', 'lora 0']);
  for (const p of test) {
    const stored = results.find(({ method, seed }) => method === p.method && seed === 0)!;
    expect(mean(correctness(p))).toBeCloseTo(stored.top1, 12);
  }
  // Validation predictions are those of the tuning runs that were chosen: the best of each method.
  const tuned = rows.filter(({ phase }) => phase === 'tune');
  for (const [cell, p] of validation!.entries())
    expect(mean(correctness(p))).toBe(
      Math.max(...tuned.filter((row) => row.cell === cell).map(({ val }) => val!.top1)),
    );
  expect(trials.map(({ method, params }) => [method, params.learningRate]).sort()).toEqual([
    ['linear', 0.01],
    ['linear', 0.1],
    ['lora', 0.001],
    ['lora', 0.01],
  ]);
  expect(trials.map(({ valTop1 }) => valTop1)).toEqual(tuned.map(({ val }) => val!.top1));
});

it('the report is one file with its pictures inside, and says what was left unsaid', async () => {
  const records = await reportRecords(store, study, { gallery: (all) => galleryOf(store, study, all) });
  const html = renderReport(records);
  expect(html).toContain('<h1>Study tiny-study</h1>');
  expect(html).toContain('2 methods on 1 data set, 1 backbone: 4 tuning runs and 4 final runs.');
  for (const id of ['accuracy', 'mistakes', 'ensembles', 'protocol']) expect(html).toContain(`<section id="${id}">`);
  expect(html).toContain('trained anew on train and validation together; seed 0, 1');
  expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  expect(records.gallery!.every(({ image }) => image.startsWith('data:image/webp;base64,'))).toBe(true);
  const only = studyTables(records).find(({ name }) => name.startsWith('only-one-right'))!;
  expect(records.gallery!.length).toBe(Math.min(24, only.table.rows.length));
});

it('vitune report writes the file, LaTeX, JSON, CSV and figures', async () => {
  const file = join(root, 'report.html');
  const db = ['--db', join(root, 'db')];
  const [written, latex, json, csv, drawn, unknown] = await Promise.all([
    vitune('report', 'tiny-study', '--out', file, ...db),
    vitune('report', 'tiny-study', '--latex', ...db),
    vitune('report', 'tiny-study', '--json', ...db),
    vitune('report', 'tiny-study', '--csv', join(root, 'tables'), ...db),
    vitune('report', 'tiny-study', '--figures', join(root, 'figures'), ...db),
    vitune('report', 'tiny-studi', ...db),
  ]);
  expect([written.stderr, ...[written, latex, json, csv, drawn, unknown].map(({ code }) => code)]).toEqual([
    '',
    0,
    0,
    0,
    0,
    0,
    1,
  ]);
  const html = await readFile(file, 'utf8');
  expect(html).toMatch(/^<!doctype html>/);
  // Every figure of the report is a file.
  const figures = [...html.matchAll(/<figure id="([^"]+)"/g)].map(([, id]) => `${id}.svg`);
  expect((await readdir(join(root, 'figures'))).sort()).toEqual(figures.sort());
  expect(latex.stdout).toContain('\\begin{tabular}');
  const tables = JSON.parse(json.stdout) as {
    accuracy: { method: string; mean: number }[];
    memory: { method: string; memory: number }[];
  };
  // A process of Node takes some ten megabytes before it trains.
  expect(tables.memory.map(({ method, memory }) => [method, memory > 3e7]).sort()).toEqual([
    ['linear', true],
    ['lora', true],
  ]);
  const lora = rows.filter(({ phase, cell }) => phase === 'final' && cell === 1).map(({ tests }) => tests!.test!.top1);
  expect(tables.accuracy.find(({ method }) => method === 'lora')!.mean).toBeCloseTo(mean(lora), 12);
  // Every table of the JSON is a file, with its numbers.
  const files = (await readdir(join(root, 'tables'))).map((name) => name.replace('.csv', ''));
  expect(files.sort()).toEqual(Object.keys(tables).sort());
  const [heading, ...lines] = (await readFile(join(root, 'tables', 'memory.csv'), 'utf8')).trim().split(/\r?\n/);
  expect(heading).toBe('method,memory,top1,front');
  expect(lines.map((line) => Number(line.split(',')[1]))).toEqual(tables.memory.map(({ memory }) => memory));
  expect(unknown.stderr).toContain('did you mean "tiny-study"?');
});

const labelsOf = (...labels: number[]): Tensor => ({
  dtype: 'int32',
  shape: [labels.length],
  data: Int32Array.from(labels),
});

it('accuracy on shifted sets is among their own classes where the protocol says so', async () => {
  const logits = encodeSafetensors(
    [
      ['logits', float32([2, 3], Float32Array.of(1, 0, 0, 0, 1, 0))],
      ['labels', labelsOf(0, 2)],
      // Among all classes the third one always wins; among the two that occur the first picture is right.
      ['sketch.logits', float32([2, 3], Float32Array.of(2, 1, 3, 2, 1, 3))],
      ['sketch.labels', labelsOf(0, 1)],
    ],
    { classes: '["a","b","c"]', names: '["x","y"]', 'sketch.names': '["s","t"]' },
  );
  const row = { ...rows.find(({ phase }) => phase === 'final')!, tests: { test: metrics(0.5) } };
  const spec = await store.spec(row.id);
  const protocol = { name: 'robustness', round: 'all', options: { among: 'own' } };
  const wise = { format: 'vitune-wise-1', alphas: [0, 0.5, 1], top1: { test: [0.25, 0.75, 0.5], sketch: [0, 1, 0.5] } };
  const made = (run: typeof spec.run, record: unknown = wise) =>
    analysisRecords(
      {
        trials: async () => [row],
        epochSeconds: async () => new Map(),
        spec: async () => ({ ...spec, run }),
        artifact: async (_, name) => (name === 'wise.json' ? Buffer.from(JSON.stringify(record)) : logits),
      },
      study,
    );
  const all = await made(spec.run);
  expect(all.robustness).toMatchObject([{ inDistribution: 0.5, shifted: { sketch: 0 } }]);
  const own = await made({ ...spec.run, protocol });
  expect(own.robustness).toMatchObject([{ inDistribution: 0.5, shifted: { sketch: 0.5 } }]);
  expect(own.wise).toEqual([
    {
      method: own.robustness[0]!.method,
      alphas: [0, 0.5, 1],
      inDistribution: [0.25, 0.75, 0.5],
      shifted: { sketch: [0, 1, 0.5] },
    },
  ]);
  // With stored accuracies of every seed, it is their mean that counts; curves are means over seeds too.
  const stored = (top1: number) => ({ test: metrics(top1), sketch: metrics(top1 / 2) });
  const seeds = await analysisRecords(
    {
      trials: async () => [
        { ...row, tests: stored(0.6) },
        { ...row, id: 'other', tests: stored(0.8) },
      ],
      epochSeconds: async () => new Map([['other', 0.01]]),
      spec: async () => spec,
      artifact: async (trial, name) =>
        name !== 'wise.json'
          ? logits
          : Buffer.from(
              JSON.stringify(trial === 'other' ? { ...wise, top1: { test: [0, 0, 0], sketch: [1, 1, 1] } } : wise),
            ),
    },
    study,
  );
  // What an epoch took is training; what the run took beyond is not.
  expect(seeds.results.map(({ seconds }) => seconds)).toEqual([row.seconds, 0.01]);
  expect(seeds.robustness).toMatchObject([{ inDistribution: expect.closeTo(0.7, 12), shifted: { sketch: 0.35 } }]);
  expect(seeds.wise).toMatchObject([{ inDistribution: [0.125, 0.375, 0.25], shifted: { sketch: [0.5, 1, 0.75] } }]);
  // Alpha 0 is the model before tuning only where its head was a classifier already.
  expect(own.untuned).toBeUndefined();
  const zeroShot = await made({ ...spec.run, training: { ...spec.run.training, head: 'zero-shot' } });
  expect(zeroShot.untuned).toEqual({ method: 'before tuning', inDistribution: 0.25, shifted: { sketch: 0 } });
  await expect(made(spec.run, { ...wise, top1: { test: [1] } })).rejects.toThrow('is no record of WiSE-FT');
});

it('few to many: results of one source with several numbers of pictures', () => {
  const cells = [
    { model: 'm', data: 'few', method: 'lora', source: 'shapes', pictures: 8 },
    { model: 'm', data: 'many', method: 'lora', source: 'shapes', pictures: 80 },
    { model: 'm', data: 'other', method: 'lora', source: 'other', pictures: 9 },
  ];
  const results = cells.map(({ source: _, ...cell }) => ({ ...cell, seed: 0, params: {}, top1: 0.5 }));
  expect(shotResults({ cells }, results).map(({ data, pictures }) => [data, pictures])).toEqual([
    ['shapes', 8],
    ['shapes', 80],
  ]);
});

it('refuses files that are no logits', async () => {
  const classes = '["a","b"]';
  const file = (rows: number, metadata: Record<string, string>) =>
    encodeSafetensors(
      [
        ['logits', float32([rows, 2], new Float32Array(2 * rows))],
        ['labels', labelsOf(0)],
      ],
      metadata,
    );
  await expect(readLogits('f', file(1, { classes }))).rejects.toThrow(
    /^f: its names of pictures or classes are no list/,
  );
  await expect(readLogits('f', file(2, { classes, names: '["x"]' }))).rejects.toThrow(
    'f: 1 pictures need 2 logits, got 4',
  );
  await expect(readLogits('f', file(1, { classes, names: '{}' }))).rejects.toThrow(/no list of texts/);
  await writeFile(join(root, 'none'), '');
  await expect(readLogits('f', await readFile(join(root, 'none')))).rejects.toThrow(/too short for a safetensors file/);
});
