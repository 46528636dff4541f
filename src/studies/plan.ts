// What a plan would run: read from a file, or given as an object.
import { readFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { messageOf, OptionError } from '../base/errors.ts';
import { openPlan, type Study } from '../study/check.ts';
import type { PlanInput } from '../study/plan.ts';
import { studyId } from '../study/protocol.ts';
import { tuningRuns } from '../study/search.ts';
import { studyEnvironment } from './environment.ts';

/** A plan as its file has it; with `preset`, what it leaves out comes from there. */
export type StudyPlan = PlanInput | (Partial<PlanInput> & { readonly preset: string });

/** Runs of one model, data and method. */
export interface PlannedCell {
  readonly model: string;
  readonly data: string;
  readonly method: string;
  /** Points of its grid. */
  readonly points: number;
  /** Runs on train, measured on val: all rounds of a search. */
  readonly tune: number;
  /** Runs that are tested, one a seed. */
  readonly final: number;
}

export interface PlannedStudy {
  /** Hash of all that is wanted, contents of data and models included: the same plan is the same study. */
  readonly id: string;
  readonly name: string;
  readonly cells: readonly PlannedCell[];
  readonly runs: number;
  /** Grid points that came out the same as another one of their cell, and were dropped. */
  readonly duplicates: number;
}

/** Reads a plan's file, or takes the plan itself: then its paths start from `folder`. Throws OptionError with all that is wrong. */
export async function readPlan(plan: string | StudyPlan, folder = '.'): Promise<Study> {
  if (typeof plan === 'object')
    return openPlan(JSON.stringify(plan, null, 2), 'plan', resolve(folder), studyEnvironment());
  const text = await readFile(plan, 'utf8').catch((cause: unknown) => {
    throw new OptionError(`study ${plan}: can't be read: ${messageOf(cause)}`, { cause });
  });
  return openPlan(text, relative('.', plan) || plan, dirname(resolve(plan)), studyEnvironment());
}

export function plannedOf(study: Study): PlannedStudy {
  const cells = study.cells.map((cell): PlannedCell => {
    const { model, data, method, points } = cell;
    const tune = tuningRuns(study.plan.search, points.length);
    return { model, data, method, points: points.length, tune, final: study.plan.seeds.length };
  });
  const runs = cells.reduce((n, { tune, final }) => n + tune + final, 0);
  return { id: studyId(study), name: study.plan.name, cells, runs, duplicates: study.duplicates };
}

/**
 * What a plan would run; runs nothing. `plan` is a file (YAML or JSON; its paths start from its own folder) or the plan
 * itself (they start from `folder`, by default the current one). Throws OptionError whose `lines` are all problems.
 */
export const planStudy = async (
  plan: string | StudyPlan,
  { folder }: { readonly folder?: string } = {},
): Promise<PlannedStudy> => plannedOf(await readPlan(plan, folder));
