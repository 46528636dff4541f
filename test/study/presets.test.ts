// Presets of plans: as large as they say, with the published grids, and open to what a plan says itself.
import { expect, it } from 'vitest';
import { loadPublishedStudy } from '../../src/analysis/published/load.ts';
import { givenPlan } from '../../src/cli/study/plan-flags.ts';
import { readPlan } from '../../src/studies/plan.ts';
import type { Study } from '../../src/study/check.ts';
import { planOf } from '../support/study.ts';

/** The values of each axis that varies, whatever the axes are called. */
const axes = (points: readonly (readonly unknown[])[]): string =>
  (points[0] ?? [])
    .map((_, i) => [...new Set(points.map((point) => point[i]))])
    .filter((values) => values.length > 1)
    .map((values) => JSON.stringify(values.sort()))
    .sort()
    .join();

const size = ({ cells }: Study) => [cells.length, cells.reduce((n, { points }) => n + points.length, 0)];
const published = loadPublishedStudy();

it.each([
  ['study/vtab-1k', 19 * 16, 19 * 516],
  ['study/many-shot', 2 * 31, 2 * 588],
  ['study/robustness', 12, 24],
  ['mini-vtab', 7 * 6, 7 * (2 + 2 + 2 + 4 + 2 + 4)],
])('%s has its cells and grid points', async (name, cells, points) => {
  expect(size(await planOf(`preset: ${name}`))).toEqual([cells, points]);
});

it('study/vtab-1k has as many points a method as the released results have trials, on the same axes', async () => {
  const { cells } = await planOf('{ preset: study/vtab-1k, data: cifar }');
  const released = published.results.filter(({ protocol, set }) => protocol === 'vtab' && set === 'dtd');
  const counts = released.map(({ method, grid }) => [method, published.grids[grid]!.points.length] as const);
  expect(new Map(cells.map(({ method, points }) => [method, points.length]))).toEqual(new Map(counts));
  expect(counts.reduce((n, [, count]) => n + count, 0)).toBe(516);
  // Values, axis by axis: the same sets of numbers, whatever the axes are called.
  const values = (rows: readonly (readonly unknown[])[]) =>
    (rows[0] ?? []).map((_, i) => JSON.stringify([...new Set(rows.map((row) => row[i]))].sort())).sort();
  for (const { method, points } of cells) {
    const { points: theirs } = published.grids[released.find((r) => r.method === method)!.grid]!;
    expect(values(points.map(({ params }) => Object.values(params)))).toEqual(values(theirs));
  }
});

it('study/many-shot and study/robustness have as many points as the released results', async () => {
  const counts = (protocol: string, set: string) =>
    published.results
      .filter((r) => r.protocol === protocol && r.set === set)
      .map(({ grid }) => published.grids[grid]!.points.length)
      .sort((a, b) => a - b);
  const own = async (yaml: string, data: string) =>
    (await planOf(yaml)).cells
      .filter((cell) => cell.data === data)
      .map(({ points }) => points.length)
      .sort((a, b) => a - b);
  const manyShot = counts('many-shot', 'resisc45');
  const both = [
    ...(await own('preset: study/many-shot', 'resisc45-225')),
    ...(await own('preset: study/many-shot', 'resisc45-full')),
  ].sort((a, b) => a - b);
  expect(both).toEqual(manyShot);
  // Their values, as sets; a method's size and epochs are the same in all of its points and no axis of the released grids.
  const released = published.results.filter((r) => r.protocol === 'many-shot' && r.set === 'resisc45');
  const theirs = released.map(({ grid }) => axes(published.grids[grid]!.points));
  const { cells } = await planOf('preset: study/many-shot');
  const ours = cells.map(({ points }) => axes(points.map(({ params }) => Object.values(params))));
  expect(ours.sort()).toEqual(theirs.sort());
  expect(await own('preset: study/robustness', 'imagenet-shifts')).toEqual(counts('robustness', 'imagenet-100-shot'));
});

it('a plan wins over its preset, option by option', async () => {
  const { plan, cells } = await planOf(
    '{ name: mine, preset: study/vtab-1k, data: [cifar, dtd], methods: linear, training: { epochs: 20 }, seeds: [0, 1] }',
  );
  expect([plan.name, plan.preset, plan.seeds, cells.length]).toEqual(['mine', 'study', [0, 1], 2]);
  const { training, protocol } = cells[0]!.points[0]!.trial.run;
  expect([training.epochs, training.dropPath, cells[0]!.points.length, protocol.name]).toEqual([20, 0.1, 2, 'vtab-1k']);
});

it('what is wrong with a preset’s part of a plan is told where the plan names it', async () => {
  const lines = async (yaml: string): Promise<unknown> =>
    planOf(yaml).then(
      () => [],
      (error: { lines: string[] }) => error.lines,
    );
  expect(await lines('name: x\npreset: study/vtab\n')).toEqual([
    expect.stringMatching(
      /^study\.yaml:2:9: preset: "study\/vtab" is not a known preset; did you mean "study\/vtab-1k"\?/,
    ),
  ]);
  expect(await lines('name: x\npreset: mini-vtab\nmodels: none\n')).toEqual([
    expect.stringMatching(/^study\.yaml:3:9: models: model \/nowhere\/none: no such folder/),
  ]);
  expect(await lines('name: x\npreset: study/vtab-1k\nprotocol: { name: robustnes }\n')).toEqual([
    expect.stringMatching(/^study\.yaml:3:19: protocol\.name: "robustnes" is not a known protocol/),
  ]);
  expect(await lines('name: x\npreset: mini-vtab\nmethods: { name: lora, training: { lr: 1 } }\ndata: none\n')).toEqual(
    [
      expect.stringMatching(/^study\.yaml:3:40: methods\.training\.lr: "lr" is not a known option/),
      expect.stringMatching(/^study\.yaml:4:7: data: data \/nowhere\/none: no such folder/),
    ],
  );
});

it('the command line takes a preset in a plan’s place', async () => {
  const [problem] = await readPlan({ preset: 'study/robustness' }, '/none').then(
    () => [],
    (error: { lines: string[] }) => error.lines,
  );
  expect(problem).toMatch(/^plan:2:13: data: data \/none\/imagenet-shifts: /);
  expect(() => givenPlan('plan.yaml', { preset: 'mini-vtab' })).toThrow(/takes a plan file, or --preset NAME/);
});
