// A plan becomes a study: cells (model x data x method) with their trials. Everything that is wrong is found before
// anything runs, all at once.
import { messageOf, OptionError, VituneError } from '../base/errors.ts';
import { type OptionTable, parseOption } from '../base/options.ts';
import { unknownName } from '../base/suggest.ts';
import { configureMethod, methods } from '../methods/index.ts';
import { dataOptions, parseRunSpec, type RunSpecInput, trainingOptions } from '../train/spec.ts';
import { axesOf } from './axes.ts';
import type { DataFacts, ModelFacts, StudyEnvironment } from './environment.ts';
import { type Axis, gridPoints, gridSize } from './grid.ts';
import { type MethodEntry, normalizePlan, type Plan } from './plan.ts';
import { type PlanPath, type Problem, parsePlan } from './plan-file.ts';
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
export interface Cell {
  readonly model: string;
  readonly data: string;
  readonly method: string;
  readonly points: readonly Point[];
}

export interface Study {
  readonly plan: Plan;
  readonly cells: readonly Cell[];
  /** Grid points that came out the same as another one of their cell. */
  readonly duplicates: number;
}

/** Pictures run at once where the plan doesn't say: fixed, because a probe would tie the last bits to the machine. */
const studyMicroBatch = 16;

/** Options that the protocol sets itself. */
const ownTraining: OptionTable = Object.fromEntries(
  Object.entries(trainingOptions).filter(([name]) => name !== 'seed'),
);
const ownData: OptionTable = Object.fromEntries(Object.entries(dataOptions).filter(([name]) => name !== 'trainOnVal'));

/** Throws OptionError with one line a problem, `<file>:<line>:<column>: <message>`. */
function refuse(file: string, problems: readonly Problem[]): never {
  const sorted = [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
  const lines = [...new Set(sorted.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`))];
  throw new OptionError(
    `${file}: ${lines.length} problem${lines.length === 1 ? '' : 's'} in the plan; nothing was run`,
    {
      lines,
    },
  );
}

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
  const { input, problems: shape, problemAt } = parsePlan(text);
  if (!input) return refuse(file, shape);
  const plan = normalizePlan(input, environment.defaultModel);
  const problems: Problem[] = [];
  const tell = (path: PlanPath, message: string) => void problems.push(problemAt(path, message));
  /** The path of an entry of a list that may also be written as a single value. */
  const entry = (key: 'models' | 'data' | 'methods', i: number): PlanPath =>
    Array.isArray(input[key]) ? [key, i] : [key];

  const models: (ModelFacts & { folder: string })[] = [];
  for (const [i, reference] of plan.models.entries()) {
    try {
      const located = environment.locateModel(reference, folder);
      models.push({ ...(await environment.model(located)), folder: located });
    } catch (error) {
      if (!(error instanceof VituneError)) throw error;
      tell(input.models === undefined ? [] : entry('models', i), messageOf(error));
    }
  }

  const data: (DataFacts & { path: string; options: Record<string, unknown> })[] = [];
  for (const [i, { path, name, options }] of plan.data.entries()) {
    const at = entry('data', i);
    const isText = typeof (Array.isArray(input.data) ? input.data[i] : input.data) === 'string';
    const before = problems.length;
    const checked: Record<string, unknown> = {};
    for (const [option, value] of Object.entries(options)) {
      const given = input.dataOptions && option in input.dataOptions ? ['dataOptions'] : [...at, 'options'];
      const record = ownData[option];
      if (!record) tell([...given, option], unknownName('data option', option, Object.keys(ownData)));
      else
        try {
          checked[option] = parseOption('data', option, record, value);
        } catch (error) {
          tell([...given, option], messageOf(error));
        }
    }
    try {
      const located = environment.locateData(path, folder);
      const parsedOptions = parseRunSpec({ data: located, model: '', methods: [methods[0]!], dataOptions: checked });
      const facts = await environment.data({ data: located, dataOptions: parsedOptions.dataOptions });
      if (problems.length > before) continue;
      data.push({ ...facts, name: name ?? facts.name, path: located, options: checked });
    } catch (error) {
      if (!(error instanceof VituneError)) throw error;
      tell(isText ? at : [...at, 'path'], messageOf(error));
    }
  }
  for (const [i, { name }] of data.entries())
    if (data.findIndex((other) => other.name === name) !== i)
      tell(['data'], `two data sets are called ${name}; give one of them another name`);

  const { search, training } = plan;
  if (search.kind === 'halving' && search.epochs.some((e, i) => i > 0 && e <= search.epochs[i - 1]!))
    tell(['search', 'epochs'], 'must rise from round to round');

  const entries: { entry: MethodEntry; path: PlanPath; axes: readonly Axis[] }[] = [];
  const tellTraining = (path: PlanPath, message: string) => tell(['training', ...path], message);
  axesOf('training', ownTraining, training, false, tellTraining);
  for (const [i, method] of plan.methods.entries()) {
    const path = entry('methods', i);
    const record = methods.find(({ name }) => name === method.name);
    const isText = typeof (Array.isArray(input.methods) ? input.methods[i] : input.methods) === 'string';
    if (!record) {
      tell(isText ? path : [...path, 'name'], unknownName('method', method.name, methods.map(({ name }) => name))); // biome-ignore format: one call
      continue;
    }
    if (plan.methods.findIndex(({ label }) => label === method.label) !== i)
      tell(path, `two methods are called ${method.label}; give one of them a label`);
    const before = problems.length;
    const published = method.grid === 'study';
    const axes = [
      ...axesOf('method', record.options, method.options, published, (p, m) => tell([...path, 'options', ...p], m)),
      ...axesOf('training', ownTraining, { ...training, ...method.training }, published, (p, m) => {
        if (p[0]! in method.training) tell([...path, 'training', ...p], m);
      }),
    ].filter(({ option }) => !(search.kind === 'halving' && option === 'epochs'));
    if (search.kind === 'recipe' && gridSize(axes) > 1)
      tell(path, `a recipe has one value an option, but this method's grid has ${gridSize(axes)} points`);
    if (gridSize(axes) > maxPoints)
      tell(
        path,
        `its grid has ${gridSize(axes)} points; at most ${maxPoints} are taken, or draw some by search: random`,
      );
    else if (problems.length === before) entries.push({ entry: method, path, axes });
  }

  const cellCount = models.length * data.length * entries.length;
  const cut = pointsInBudget(plan, cellCount);
  if (cut < 1)
    tell(
      ['budget', 'trials'],
      `${plan.budget.trials} trials are too few for ${cellCount} cells with ${plan.seeds.length} final runs each; give at least ${cellCount * (plan.seeds.length + 1)}`,
    );
  if (problems.length > 0) return refuse(file, problems);

  let duplicates = 0;
  const cells: Cell[] = [];
  for (const model of models)
    for (const set of data)
      for (const { entry: method, path, axes } of entries) {
        const points = new Map<string, Point>();
        const names = [model.name, set.name, method.label];
        const wanted = Math.min(search.kind === 'random' ? search.points : Number.POSITIVE_INFINITY, cut);
        const seed = search.kind === 'random' ? search.seed : 0;
        for (const { position, options, training: values } of gridPoints(axes, { count: wanted, seed, names })) {
          try {
            const point = pointOf({
              position,
              params: { ...options, ...values },
              threads: plan.threads,
              epochs: search.kind === 'halving' ? search.epochs[0]! : undefined,
              input: {
                data: set.path,
                model: model.folder,
                methods: [{ name: method.name, options }],
                training: values,
                dataOptions: set.options,
              },
              fingerprints: { data: set.fingerprint, model: model.fingerprint },
            });
            const configured = configureMethod(point.trial.run.methods[0]!);
            const refusal = configured.method.refuses?.(model.config, configured.options);
            if (refusal) tell(path, `${method.name} can't be used on ${model.name}: ${refusal}`);
            if (points.has(point.id)) duplicates++;
            points.set(point.id, points.get(point.id) ?? point);
          } catch (error) {
            if (!(error instanceof VituneError)) throw error;
            tell(path, messageOf(error));
          }
        }
        if (points.size > 1 && set.pictures.val === 0)
          tell(
            ['data'],
            `${set.name} has no validation pictures to choose among ${points.size} points by; set valFraction`,
          );
        cells.push({ model: model.name, data: set.name, method: method.label, points: [...points.values()] });
      }
  if (problems.length > 0) return refuse(file, problems);
  return { plan, cells, duplicates };
}

/** Points of one cell's grid: beyond this a plan is a slip of the pen. */
const maxPoints = 100_000;

/** Grid points that each cell may try, so that the final runs still fit into the budget. */
function pointsInBudget({ budget, seeds }: Plan, cells: number): number {
  if (budget.trials === undefined || cells === 0) return Number.POSITIVE_INFINITY;
  return Math.floor((budget.trials - cells * seeds.length) / cells);
}

function pointOf(args: {
  readonly position: readonly number[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly threads: number;
  readonly epochs: number | undefined;
  readonly input: RunSpecInput;
  readonly fingerprints: TrialSpec['fingerprints'];
}): Point {
  const { input, epochs, threads, fingerprints } = args;
  const training = { microBatch: studyMicroBatch, ...input.training, ...(epochs ? { epochs } : {}) };
  const trial: TrialSpec = { phase: 'tune', run: parseRunSpec({ ...input, training }), threads, fingerprints };
  return { position: args.position, params: args.params, id: trialId(trial), trial };
}
