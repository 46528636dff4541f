// The flags by which a plan is given: a file, or a preset in its place.
import type { Command } from 'commander';
import { OptionError } from '../../base/errors.ts';
import { planPresets } from '../../presets/index.ts';
import type { StudyPlan } from '../../studies/plan.ts';

export interface PlanFlags {
  readonly preset?: string;
  readonly data?: string;
}

export const addPlanFlags = (command: Command): Command =>
  command
    .argument('[plan]', 'plan file (YAML)')
    .option('--preset <name>', `a plan by name: ${planPresets.map(({ name }) => name).join(', ')}`)
    .option('--data <folder>', "where a preset's data lie (default: this folder)");

/** The plan's file, or the preset in its place with what its paths start from. Throws OptionError where it is neither. */
export function givenPlan(
  path: string | undefined,
  { preset, data }: PlanFlags,
): { readonly plan: string | StudyPlan; readonly folder: string | undefined } {
  if (path === undefined && preset !== undefined) return { plan: { preset }, folder: data };
  if (path === undefined || preset !== undefined || data !== undefined)
    throw new OptionError(
      'study: takes a plan file, or --preset NAME with --data FOLDER; a plan may name a preset too',
    );
  return { plan: path, folder: undefined };
}
