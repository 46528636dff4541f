// The registry: one line a kind of folder.
import type { Checker } from '../case.ts';
import { equivalence } from './equivalence.ts';
import { timm } from './timm.ts';
import { transformers } from './transformers.ts';

export const checkers: Readonly<Record<string, Checker>> = {
  timm,
  transformers,
  transformers_legacy: transformers,
  export: transformers,
  equivalence,
};
