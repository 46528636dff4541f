// Optimizers, schedules, losses, activations and whole runs of other libraries.
import { join } from 'node:path';
import { type Case, type Checker, skipped } from '../../case.ts';
import { readJson } from '../../tensors.ts';
import { activationCase, type LossFixture, lossCase } from './functions.ts';
import { optimizerCase, type Problem, type Trajectory } from './optimizers.ts';
import { runCases } from './runs.ts';
import { type ScheduleFixture, scheduleCase } from './schedules.ts';

interface OptimJson {
  readonly problem: Problem;
  readonly optimizers: Readonly<Record<string, Trajectory>>;
  readonly schedules: Readonly<Record<string, ScheduleFixture>>;
  readonly losses: Readonly<Record<string, unknown>> & {
    readonly logits: readonly (readonly number[])[];
    readonly target: readonly number[];
  };
  readonly activations: Readonly<Record<string, readonly number[]>> & { readonly x: readonly number[] };
}

const isLoss = (value: unknown): value is LossFixture =>
  typeof value === 'object' && value !== null && 'loss' in value && 'dlogits' in value;

/** Parts of optim.json that are no feature of a run here. */
const others: Readonly<Record<string, string>> = {
  adamw_no_decay_on_bias: 'the runs compare parameter groups',
  clip_grad_norm: 'gradients are not clipped',
  clip_grad_value: 'gradients are not clipped',
  timm_agc: 'gradients are not clipped',
  grad_accumulation_weighted: 'the golden cases compare accumulated halves',
  timm_layer_decay: 'all layers have one learning rate',
  timm_weight_decay_groups: 'the runs compare parameter groups',
  mixup_pixels: 'pictures are not mixed',
  cutmix_pixels: 'pictures are not mixed',
  ema: 'weights are not averaged in training',
  drop_path_rates: 'linear in the block, as the conformance of drop path tests',
};

export const training: Checker = async (folder) => {
  const json = await readJson<OptimJson>(join(folder, 'optim.json'));
  const named = <T>(prefix: string, table: Readonly<Record<string, T>>, make: (name: string, value: T) => Case) =>
    Object.entries(table).map(([name, value]) => {
      const { run } = make(name, value);
      return { name: `${prefix}/${name}`, run };
    });
  const { x, ...activations } = json.activations;
  const losses = Object.fromEntries(
    Object.entries(json.losses).flatMap(([name, value]) => (isLoss(value) ? [[name, value] as const] : [])),
  );
  return [
    ...named('optimizer', json.optimizers, (name, value) => optimizerCase(name, json.problem, value)),
    ...named('schedule', json.schedules, scheduleCase),
    ...named('loss', losses, (name, value) => lossCase(name, json.losses.logits, json.losses.target, value)),
    ...named('activation', activations as Record<string, readonly number[]>, (name, want) =>
      activationCase(name, x, want),
    ),
    ...(await runCases(join(folder, 'runs'))),
    ...Object.keys(json).flatMap((name) => (others[name] ? [skipped(name, others[name])] : [])),
  ];
};
