// A plan becomes a study: cells (model x data x method) with their trials. Everything that is wrong is found before
// anything runs, all at once.
import { OptionError, VituneError } from '../base/errors.ts';
import { checkMethods, configureMethods, defaultMethod } from '../methods/index.ts';
import { checkHead, checkImageSize, checkPrecision, parseRunSpec } from '../train/spec.ts';
import type { Tell } from './axes.ts';
import type { StudyEnvironment } from './environment.ts';
import { gridPoints } from './grid.ts';
import { normalizePlan, type Plan } from './plan.ts';
import { type PlanPath, type Problem, parsePlan } from './plan-file.ts';
import { type CheckedData, type CheckedMethod, type CheckedModel, createParts } from './plan-parts.ts';
import type { CellName, Passes } from './rows.ts';
import { pointsWithin } from './search.ts';
import { type TrialSpec, trialId } from './trial.ts';

/** A grid point of a cell. */
export interface Point {
  /** Position on each axis of the cell. */
  readonly position: readonly number[];
  /** What the plan gave or the grid varied, by option name. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly id: string;
  readonly trial: TrialSpec;
}

/** One model, data and method: what is tuned as a whole and ends in one line of the results. */
export interface Cell extends Required<Omit<CellName, 'group'>>, Pick<CellName, 'group'> {
  readonly passes: Passes;
  readonly points: readonly Point[];
}

export interface Study {
  readonly plan: Plan;
  readonly cells: readonly Cell[];
  /** Grid points that came out the same as another one of their cell, or that a value listed twice would have made. */
  readonly duplicates: number;
}

/** Pictures run at once where the plan doesn't say: fixed, because a probe would tie the last bits to the machine. */
const studyMicroBatch = 16;

/** Throws OptionError with one line a problem, `<file>:<line>:<column>: <message>`. */
function refuse(file: string, problems: readonly Problem[]): never {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = [...new Set(sorted.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`))];
  const count = `${lines.length} problem${lines.length === 1 ? '' : 's'}`;
  throw new OptionError(`${file}: ${count} in the plan; nothing was run`, { lines });
}

/** Grid points that each cell may try, so that the final runs still fit into the budget. */
function pointsInBudget({ budget, seeds, search }: Plan, cells: number): number {
  if (budget.trials === undefined || cells === 0) return Number.POSITIVE_INFINITY;
  return pointsWithin(search, (budget.trials - cells * seeds.length) / cells);
}

/** A training step goes forward and, at twice the cost, backward. */
const trainingPass = 3;

/** Tuning trains on train and looks at val after each epoch; a final run trains on both and looks at the test sets once. */
const passesOf = (
  { pictures: { train, val }, testPasses }: CheckedData,
  epochs: { readonly tune: number; readonly final: number },
): Passes => ({
  tune: epochs.tune * (trainingPass * train + val),
  final: epochs.final * trainingPass * (train + val),
  test: testPasses,
});

/** The trial of one point. Throws OptionError for values that don't go together. */
function trialOf(
  plan: Plan,
  model: CheckedModel,
  data: CheckedData,
  method: CheckedMethod,
  values: Readonly<Record<'method' | 'training', Readonly<Record<string, unknown>>>>,
): TrialSpec {
  const epochs = plan.search.kind === 'halving' ? { epochs: plan.search.epochs[0]! } : {};
  const run = parseRunSpec({
    data: data.path,
    model: model.folder,
    methods: method.choices(values.method),
    training: { microBatch: studyMicroBatch, ...values.training, ...epochs },
    dataOptions: data.options,
    protocol: data.protocol,
    ...(plan.preset === undefined ? {} : { preset: plan.preset }),
  });
  checkPrecision(run, model.config);
  checkHead(run, model.config);
  return {
    phase: 'tune',
    run,
    threads: plan.threads,
    fingerprints: { data: data.fingerprint, model: model.fingerprint },
  };
}

/** Runs checks of what a model can take and tells of a refusal, with the model's name where there are several. */
const refusalsOf =
  ({ name }: CheckedModel, models: readonly CheckedModel[], tell: Tell) =>
  (path: PlanPath, check: () => void): void => {
    try {
      check();
    } catch (error) {
      if (!(error instanceof VituneError)) throw error;
      tell(path, `${error.message}${models.length > 1 ? ` (${name})` : ''}`);
    }
  };

/** Tells of methods and sizes of pictures that a backbone can't take. */
function tellRefusals(
  plan: Plan,
  models: readonly CheckedModel[],
  data: readonly CheckedData[],
  methods: readonly CheckedMethod[],
  tell: Tell,
): void {
  const preset = plan.preset === undefined ? {} : { preset: plan.preset };
  for (const model of models) {
    const attempt = refusalsOf(model, models, tell);
    for (const { protocol, options: dataOptions, place } of data)
      attempt(place, () =>
        checkImageSize(
          parseRunSpec({ data: '', model: '', methods: [{ name: defaultMethod }], dataOptions, protocol }).dataOptions,
          model.config,
        ),
      );
    for (const { axes, path, choices } of methods)
      for (const { values } of gridPoints(axes.filter(({ table }) => table === 'method')))
        attempt(path, () => {
          const { methods: chosen } = parseRunSpec({ data: '', model: '', methods: choices(values.method), ...preset });
          checkMethods(configureMethods(chosen), model.config);
        });
  }
}

/** The data without the number of pictures that is taken of it: `emoji` of `emoji:400`. */
const sourceOf = ({ path }: CheckedData): string => path.split(/[\\/]/).at(-1)!.replace(/:\d+$/, '');

/**
 * Reads a plan and works out its trials. `folder` is what relative paths start from. Throws OptionError that lists every
 * problem with line and column.
 */
export async function openPlan(
  text: string,
  file: string,
  folder: string,
  environment: StudyEnvironment,
): Promise<Study> {
  const { input, problems: shape, problemAt } = parsePlan(text, environment.presets);
  if (!input) return refuse(file, shape);
  const plan = normalizePlan(input, environment.defaultModel);
  const problems: Problem[] = [...shape];
  const tell = (path: PlanPath, message: string) => void problems.push(problemAt(path, message));
  const parts = createParts(input, plan, folder, environment, tell);
  parts.search();
  const models = await parts.models();
  const data = await parts.data();
  const methods = parts.methods();
  tellRefusals(plan, models, data, methods, tell);

  const count = models.length * data.length * methods.length;
  const affordable = pointsInBudget(plan, count);
  if (affordable < 1)
    tell(
      ['budget', 'trials'],
      `${plan.budget.trials} trials are too few for ${count} cells with ${plan.seeds.length} final runs each; give at least ${count * (plan.seeds.length + 1)}`,
    );

  const { search } = plan;
  const wanted = Math.min(search.kind === 'random' ? search.points : Number.POSITIVE_INFINITY, Math.max(1, affordable));
  const seed = search.kind === 'random' ? search.seed : 0;
  let duplicates = models.length * data.length * methods.reduce((n, { repeated }) => n + repeated, 0);
  const cellOf = (model: CheckedModel, set: CheckedData, method: CheckedMethod): Cell => {
    const points = new Map<string, Point>();
    const attempt = refusalsOf(model, models, tell);
    const names = { model: model.name, data: set.name, method: method.label };
    for (const { position, values } of gridPoints(method.axes, { count: wanted, seed, names: Object.values(names) }))
      attempt(method.path, () => {
        const trial = trialOf(plan, model, set, method, values);
        const id = trialId(trial);
        if (points.has(id)) duplicates++;
        else points.set(id, { position, params: { ...values.method, ...values.training }, id, trial });
      });
    if (points.size > 1 && set.pictures.val === 0)
      tell(
        ['data'],
        `${set.name} has no validation pictures to choose among ${points.size} points by; set valFraction`,
      );
    const all = [...points.values()];
    const { train, val } = set.pictures;
    const epochs = all[0]?.trial.run.training.epochs ?? 1;
    return {
      ...{ ...names, source: sourceOf(set), pictures: train + val },
      ...(set.group !== undefined && { group: set.group }),
      passes: passesOf(set, {
        tune: epochs,
        final: plan.search.kind === 'halving' ? plan.search.epochs.at(-1)! : epochs,
      }),
      points: all,
    };
  };
  const cells = models.flatMap((model) => data.flatMap((set) => methods.map((method) => cellOf(model, set, method))));
  if (problems.length > 0) return refuse(file, problems);
  return { plan, cells, duplicates };
}
