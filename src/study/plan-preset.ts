// Presets of plans: what a plan leaves out comes from the one that it names.
import { unknownName } from '../base/suggest.ts';
import { presets as trainingPresets } from '../train/presets.ts';
import type { PlanPreset } from './plan.ts';

type Json = Readonly<Record<string, unknown>>;
const isMap = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Why a plan can't have the preset that it names; undefined = it can, or names none. */
export function presetProblem(json: unknown, presets: readonly PlanPreset[]): string | undefined {
  if (!isMap(json) || typeof json.preset !== 'string') return undefined;
  const known = [...trainingPresets, ...presets].map(({ name }) => name);
  return known.includes(json.preset) ? undefined : unknownName('preset', json.preset, known);
}

/**
 * A plan with its preset's values where it says nothing: key by key, and within `training` option by option. A preset of
 * training options is left for the trials.
 */
export function withPlanPreset(json: unknown, presets: readonly PlanPreset[]): unknown {
  if (!isMap(json)) return json;
  const chosen = presets.find(({ name }) => name === json.preset);
  if (!chosen) return json;
  const { preset: _, ...own } = json;
  const training =
    isMap(json.training) || json.training === undefined ? { ...chosen.plan.training, ...json.training } : json.training;
  return { ...chosen.plan, ...own, training };
}
