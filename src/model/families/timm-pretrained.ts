// How timm evaluates a checkpoint: the fields of its pretrained_cfg, with the defaults of its transforms.
import { z } from 'zod';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import type { Evaluation } from './family.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);
const filters = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;

export const pretrainedFields = z
  .object({
    mean: triple.default([...imagenetMean]),
    std: triple.refine((t) => t.every((s) => s > 0), 'must be above 0').default([...imagenetStd]),
    interpolation: z.enum(filters).default('bilinear'),
    crop_pct: z.number().positive().max(1).nullish(),
    crop_mode: z.enum(['center', 'squash'], 'the crop modes center and squash are supported').nullish(),
  })
  .transform(
    ({ mean, std, interpolation, crop_pct, crop_mode }): Evaluation => ({
      mean,
      std,
      interpolation,
      cropShare: crop_pct ?? 0.875,
      resize: crop_mode === 'squash' ? 'exact' : 'shortest',
    }),
  );
