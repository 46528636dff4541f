// The registry: one line a kind of folder.
import type { Checker } from '../case.ts';
import { checkpoints } from './checkpoints.ts';
import { equivalence } from './equivalence.ts';
import { exported } from './export.ts';
import { metrics } from './metrics.ts';
import { peft } from './peft.ts';
import { preprocess } from './preprocess.ts';
import { timm } from './timm.ts';
import { training } from './training/index.ts';
import { transformers } from './transformers.ts';

export const checkers: Readonly<Record<string, Checker>> = {
  timm,
  transformers,
  transformers_legacy: transformers,
  checkpoints,
  export: exported,
  metrics,
  preprocess,
  peft,
  peft_legacy: peft,
  peft_timm: peft,
  training,
  equivalence,
};
