// The form's plan is a plan: checked by the study room's own checks, with the grid that was typed.
import { expect, it } from 'vitest';
import { planOf as checkedPlan } from '../../../test/support/study.ts';
import { protocols } from '../../data/protocols/index.ts';
import { methods } from '../../methods/index.ts';
import { trainingOptions } from '../../train/training-options.ts';
import { optionsOf, type PlanForm, planOf } from './plan-of.ts';

const tables = Object.fromEntries(methods.map(({ name, options }) => [name, options]));
const form: PlanForm = {
  name: 'typed',
  data: 'shapes, other',
  model: '',
  seeds: '0, 1',
  methods: {
    lora: { rank: '2, 4', targets: 'q+v, q + k', joint: 'false', dropout: '' },
    partial: { blocks: '0+1' },
  },
  training: { epochs: '3', learningRate: '0.01, 1e-3' },
  ...{ preset: '', protocol: '', protocolOptions: {} },
};

it('several values are an axis, joined ones a value, empty ones the default', async () => {
  const plan = planOf(form, tables, trainingOptions);
  const { cells } = await checkedPlan(JSON.stringify(plan));
  expect(cells.map(({ data, method, points }) => [data, method, points.length])).toEqual([
    ['shapes', 'lora', 8],
    ['shapes', 'partial', 2],
    ['other', 'lora', 8],
    ['other', 'partial', 2],
  ]);
  const [first] = cells[0]!.points;
  expect(first!.trial.run.methods[0]!.options).toMatchObject({
    rank: 2,
    targets: ['q', 'v'],
    joint: false,
    dropout: 0,
  });
  expect(cells[0]!.points.at(-1)!.trial.run.methods[0]!.options.targets).toEqual(['q', 'k']);
  expect(cells[1]!.points[0]!.trial.run.methods[0]!.options.blocks).toEqual([0, 1]);
  expect(cells[0]!.points.map(({ trial }) => trial.run.training.learningRate)).toContain(0.001);
});

it('what was mistyped is told by the check, at its place', async () => {
  const plan = planOf({ ...form, training: { epochs: 'many' } }, tables, trainingOptions);
  await expect(checkedPlan(JSON.stringify(plan))).rejects.toMatchObject({
    lines: [expect.stringMatching(/epochs.*whole number.*"many"/)],
  });
});

it('combined methods, a protocol with its options and a preset of training are in the plan', async () => {
  const protocolTables = Object.fromEntries(protocols.map(({ name, options }) => [name, options]));
  const combined: PlanForm = {
    ...form,
    data: 'shapes',
    training: { epochs: '30' },
    methods: { 'lora+bitfit': { 'lora.rank': '2, 4' } },
    ...{ preset: 'study', protocol: 'few-shot', protocolOptions: { shots: '1, 2' } },
  };
  const { cells } = await checkedPlan(JSON.stringify(planOf(combined, tables, trainingOptions, protocolTables)));
  expect(cells.map(({ data, method }) => [data, method])).toEqual([
    [expect.stringContaining('1'), 'lora+bitfit'],
    [expect.stringContaining('2'), 'lora+bitfit'],
  ]);
  const { run } = cells[0]!.points[0]!.trial;
  expect(run.methods.map(({ name }) => name).toSorted()).toEqual(['bitfit', 'lora']);
  expect(run.methods.find(({ name }) => name === 'lora')!.options).toMatchObject({ rank: 2, variant: 'study' });
  expect([run.protocol.name, run.training.schedule]).toEqual(['few-shot', 'study']);
});

it('a preset that is a plan brings what the form leaves empty', () => {
  const plan = planOf({ ...form, data: '', methods: {}, preset: 'mini-vtab' }, tables, trainingOptions);
  expect(plan).toMatchObject({ preset: 'mini-vtab' });
  expect(plan).not.toHaveProperty('data');
  expect(plan).not.toHaveProperty('methods');
  expect(planOf({ ...form, data: '' }, tables, trainingOptions)).toHaveProperty('data', []);
});

it('options of a combination have the method before them; a name that is none has no options', () => {
  expect(Object.keys(optionsOf('lora+bitfit', tables)!)).toContain('lora.rank');
  expect(optionsOf('lora+lora', tables)).toBeUndefined();
  expect(optionsOf('lora+none', tables)).toBeUndefined();
});
