// Plans by name: `preset: study/vtab-1k` in a plan, or `vitune study plan --preset study/vtab-1k`. One line each.
import type { PlanPreset } from '../study/plan.ts';
import { studyManyShot } from './many-shot.ts';
import { miniVtab } from './mini-vtab.ts';
import { studyRobustness } from './robustness.ts';
import { studyVtab1k } from './vtab-1k.ts';

export const planPresets: readonly PlanPreset[] = [studyVtab1k, studyManyShot, studyRobustness, miniVtab];
