// The form's plan is a plan: checked by the study room's own checks, with the grid that was typed.
import { expect, it } from 'vitest';
import { planOf as checkedPlan } from '../../../test/support/study.ts';
import { methods } from '../../methods/index.ts';
import { trainingOptions } from '../../train/training-options.ts';
import { type PlanForm, planOf } from './plan-of.ts';

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
