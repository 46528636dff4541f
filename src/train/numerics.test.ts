// Schedules, metrics and position embeddings against other libraries' numbers (test/fixtures/numerics).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Tensor } from '../base/tensor.ts';
import { openSafetensors } from '../formats/safetensors-file.ts';
import { type Resampling, resampleGrid } from '../model/position-embedding.ts';
import { classAccuracies, metricsOf } from './metrics.ts';
import { learningRate } from './schedule.ts';

const folder = new URL('../../test/fixtures/numerics/', import.meta.url);
const json = (name: string) => JSON.parse(readFileSync(new URL(name, folder), 'utf8'));

interface ScheduleCase {
  readonly name: string;
  readonly lr: number;
  readonly epochs: number;
  readonly warmup_epochs: number;
  readonly lr_min: number;
  readonly warmup_lr_init: number;
  readonly lr_used_in_epoch: readonly number[];
}

describe("the study's schedule", () => {
  it.each((json('schedule.json').schedules as ScheduleCase[]).map((c) => [c.name, c] as const))('%s', (_, c) => {
    const schedule = {
      kind: 'study',
      learningRate: c.lr,
      epochs: c.epochs,
      warmupEpochs: c.warmup_epochs,
      minLearningRate: c.lr_min,
      warmupStart: c.warmup_lr_init,
    } as const;
    c.lr_used_in_epoch.forEach((want, epoch) => {
      for (const step of [7 * epoch, 7 * epoch + 6]) {
        const got = learningRate(schedule, { step, stepsPerEpoch: 7 });
        expect(Math.abs(got - want) / want).toBeLessThan(1e-12);
      }
    });
  });
});

it('warms up by the step, peaks, and ends at the minimum', () => {
  const schedule = {
    kind: 'warmup-cosine',
    learningRate: 1,
    epochs: 10,
    warmupEpochs: 2,
    minLearningRate: 0.1,
    warmupStart: 0,
  } as const;
  const rates = Array.from({ length: 50 }, (_, step) => learningRate(schedule, { step, stepsPerEpoch: 5 }));
  expect(rates[0]).toBeGreaterThan(0);
  expect(rates.indexOf(1)).toBe(10);
  expect(rates.slice(10)).toEqual(rates.slice(10).toSorted((a, b) => b - a));
  expect(rates[49]).toBeGreaterThan(0.1);
  expect(learningRate(schedule, { step: 50, stepsPerEpoch: 5 })).toBeCloseTo(0.1, 12);
});

interface MetricsCase {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly expected: Readonly<Record<string, number>> & {
    readonly per_class_accuracy: Readonly<Record<string, number>>;
  };
}

describe('metrics', () => {
  it.each(Object.entries(json('metrics.json') as Record<string, MetricsCase>))(
    '%s',
    (name, { logits, labels, classes, expected }) => {
      const flat = Float32Array.from(logits.flat());
      const got = metricsOf(flat, labels, classes);
      const close = (value: number, want: number | undefined) => expect(Math.abs(value - want!)).toBeLessThan(1e-6);
      close(got.top1, expected.top1_argmax_first);
      close(got.loss, expected.nll);
      close(got.meanClassAccuracy, expected.mean_per_class_accuracy_present_only);
      close(got.ece, expected.ece_15_guo);
      // Three conventions exist for ties (scikit-learn's, torchmetrics', strictly greater); ours is the first maximum's.
      if (name !== 'ties') close(got.top5, expected.top5_strictly_greater);
      const accuracies = classAccuracies(flat, labels, classes);
      for (const [k, want] of Object.entries(expected.per_class_accuracy)) close(accuracies[Number(k)]!, want);
    },
  );
});

const resamplings: Readonly<Record<string, Resampling>> = {
  timm_bicubic_antialias: 'bicubic_antialias',
  npz_bilinear_noantialias: 'bilinear',
  hf_bicubic_noantialias: 'bicubic',
  dinov2_scale_offset: 'bicubic_offset',
};

describe('position embeddings', async () => {
  const file = await openSafetensors(new URL('position-embedding.safetensors', folder).pathname);
  const cases = json('position-embedding.json') as {
    id: number;
    old: [number, number];
    new: [number, number];
    prefix_tokens: number;
  }[];
  it.each(cases.flatMap((c) => Object.keys(resamplings).map((kind) => [`${c.id} ${kind}`, c, kind] as const)))(
    '%s',
    async (_, c, kind) => {
      if (!file.tensors.has(`${c.id}.${kind}`)) return; // the offset rule exists for square grids only
      const input = (await file.read(`${c.id}.in`)) as Tensor<'float32'>;
      const want = (await file.read(`${c.id}.${kind}`)) as Tensor<'float32'>;
      const channels = input.shape[2]!;
      const skip = c.prefix_tokens * channels;
      const got = resampleGrid(input.data.subarray(skip), c.old, c.new, channels, resamplings[kind]!);
      const worst = got.reduce((m, v, i) => Math.max(m, Math.abs(v - want.data[skip + i]!)), 0);
      expect(worst).toBeLessThan(1e-5);
    },
  );
});
