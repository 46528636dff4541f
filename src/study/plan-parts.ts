// The parts of a plan, each checked against what there is: models and data on this machine, methods and their options in the
// registry. What is wrong is told with its place in the file; what is right comes back ready for use.
import { messageOf, OptionError, VituneError } from '../base/errors.ts';
import { type OptionTable, parseOption } from '../base/options.ts';
import { unknownName } from '../base/suggest.ts';
import type { ProtocolChoice } from '../data/protocols/index.ts';
import { defaultMethod, methodNamed, methodNames } from '../methods/index.ts';
import { parseRunSpec } from '../train/spec.ts';
import { dataOptions, trainingOptions } from '../train/training-options.ts';
import { axesOf, type Tell } from './axes.ts';
import { studyData } from './divisions.ts';
import type { DataFacts, ModelFacts, StudyEnvironment } from './environment.ts';
import { type Axis, gridSize } from './grid.ts';
import type { MethodEntry, Plan, PlanInput } from './plan.ts';
import type { PlanPath } from './plan-file.ts';
import { type Division, divisionsOf } from './plan-protocols.ts';

export interface CheckedModel extends ModelFacts {
  readonly folder: string;
}
export interface CheckedData extends DataFacts {
  readonly path: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Its round is the one to tune in. */
  readonly protocol: ProtocolChoice;
  /** Where it stands in the plan. */
  readonly place: PlanPath;
}
export interface CheckedMethod {
  readonly label: string;
  readonly axes: readonly Axis[];
  /** Points that values listed twice would have added to the grid. */
  readonly repeated: number;
  /** Where it stands in the plan. */
  readonly path: PlanPath;
  /** The methods with the options of a grid point. */
  choices(
    options: Readonly<Record<string, unknown>>,
  ): { readonly name: string; readonly options: Record<string, unknown> }[];
}

/** Points of one cell's grid: more than this is a slip of the pen. */
const maxPoints = 100_000;

const without = (table: OptionTable, name: string): OptionTable =>
  Object.fromEntries(Object.entries(table).filter(([key]) => key !== name));
/** Options that the protocol sets itself are left out. */
const planTraining = without(trainingOptions, 'seed');
const planData = without(dataOptions, 'trainOnVal');

/** The options of one method by their names; of several combined, by `lora.rank`. */
function optionsOf(names: readonly string[]): OptionTable {
  if (names.length === 1) return methodNamed(names[0]!).options;
  return Object.fromEntries(
    names.flatMap((name) =>
      Object.entries(methodNamed(name).options).map(([key, option]) => [`${name}.${key}`, option]),
    ),
  );
}

const choicesOf =
  (names: readonly string[]): CheckedMethod['choices'] =>
  (options) =>
    names.map((name) => {
      if (names.length === 1) return { name, options: { ...options } };
      const own = Object.entries(options).filter(([key]) => key.startsWith(`${name}.`));
      return { name, options: Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value])) };
    });

export function createParts(input: PlanInput, plan: Plan, folder: string, environment: StudyEnvironment, tell: Tell) {
  /** The path of an entry of a list that may also be written as a single value. */
  const entry = (key: 'models' | 'data' | 'methods', i: number): PlanPath => {
    if (input[key] === undefined) return [];
    return Array.isArray(input[key]) ? [key, i] : [key];
  };
  const isText = (key: 'data' | 'methods', i: number) =>
    typeof (Array.isArray(input[key]) ? input[key][i] : input[key]) === 'string';
  /** Runs `work`; a failure that vitune foresaw is told at `path`. */
  const attempt = async <T>(path: PlanPath, work: () => T | Promise<T>): Promise<T[]> => {
    try {
      return [await work()];
    } catch (error) {
      if (!(error instanceof VituneError)) throw error;
      tell(path, messageOf(error));
      return [];
    }
  };

  function checkedOptions(i: number): Record<string, unknown> | undefined {
    const { options } = plan.data[i]!;
    let fine = true;
    const checked: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(options)) {
      const path = input.dataOptions?.[name] === value ? ['dataOptions', name] : [...entry('data', i), 'options', name];
      const option = planData[name];
      try {
        if (!option) throw new OptionError(unknownName('data option', name, Object.keys(planData)));
        checked[name] = parseOption('data', name, option, value);
      } catch (error) {
        fine = false;
        tell(path, messageOf(error));
      }
    }
    return fine ? checked : undefined;
  }

  /** The divisions of an entry's data by its protocol, or by the plan's. */
  function divisionsAt(i: number): Division[] {
    const given = Array.isArray(input.data) ? input.data[i] : input.data;
    const own = typeof given === 'object' ? given.protocol : undefined;
    const path = own === undefined ? ['protocol'] : [...entry('data', i), 'protocol'];
    const named = typeof (own ?? input.protocol) === 'object' ? [...path, 'name'] : path;
    return divisionsOf(
      plan.data[i]!.protocol,
      (_, message) => tell(named, message),
      (below, message) => tell([...path, 'options', ...below], message),
    );
  }

  function checkedMethod(method: MethodEntry, i: number): CheckedMethod[] {
    const path = entry('methods', i);
    let names: string[];
    try {
      names = methodNames(method.name);
      for (const name of names) methodNamed(name);
    } catch (error) {
      tell(isText('methods', i) ? path : [...path, 'name'], messageOf(error));
      return [];
    }
    if (plan.methods.findIndex(({ label }) => label === method.label) !== i)
      tell(path, `two methods are called ${method.label}; give one of them a label`);
    const published = method.grid === 'study';
    let fine = true;
    const tellOwn = (key: 'options' | 'training') => (below: PlanPath, message: string) => {
      // What stands under the plan's own training is told once, there.
      if (key === 'training' && !(below[0]! in method.training)) return;
      fine = false;
      tell([...path, key, ...below], message);
    };
    const axes = [
      ...axesOf('method', optionsOf(names), method.options, published, tellOwn('options')),
      ...axesOf('training', planTraining, { ...plan.training, ...method.training }, published, tellOwn('training')),
    ].filter(({ option }) => !(plan.search.kind === 'halving' && option === 'epochs'));
    const size = gridSize(axes);
    if (plan.search.kind === 'recipe' && size > 1)
      tell(path, `a recipe has one value an option, but this method's grid has ${size} points`);
    if (size > maxPoints) {
      tell(path, `its grid has ${size} points; at most ${maxPoints} can be planned`);
      fine = false;
    }
    const repeated = axes.reduce((n, { values, listed }) => n * (listed ?? values.length), 1) - size;
    return fine ? [{ label: method.label, axes, repeated, path, choices: choicesOf(names) }] : [];
  }

  return {
    search(): void {
      const { search } = plan;
      if (search.kind === 'halving' && search.epochs.some((e, i) => i > 0 && e <= search.epochs[i - 1]!))
        tell(['search', 'epochs'], 'must rise from round to round');
    },

    async models(): Promise<CheckedModel[]> {
      const out: CheckedModel[] = [];
      for (const [i, reference] of plan.models.entries())
        out.push(
          ...(await attempt(entry('models', i), async () => {
            const located = environment.locateModel(reference, folder);
            return { ...(await environment.model(located)), folder: located };
          })),
        );
      return out;
    },

    async data(): Promise<CheckedData[]> {
      const out: CheckedData[] = [];
      for (const [i, { path, name, group }] of plan.data.entries()) {
        const options = checkedOptions(i);
        const at = isText('data', i) ? entry('data', i) : [...entry('data', i), 'path'];
        for (const { label, protocol: wanted } of divisionsAt(i)) {
          const found = await attempt(at, async () => {
            const located = environment.locateData(path, folder);
            const methods = [{ name: defaultMethod }];
            const dataOptions = options ?? {};
            const spec = parseRunSpec({ data: located, model: '', methods, dataOptions, protocol: wanted });
            return { located, facts: await studyData(environment, spec), protocol: spec.protocol };
          });
          for (const { located, facts, protocol } of found) {
            const called = [name ?? facts.name, label].filter((part) => part !== '').join(' ');
            if (facts.pictures.test === 0)
              tell(at, `${called} has no test pictures, so there would be no results; set testFraction`);
            const own = group === undefined ? {} : { group };
            if (options) out.push({ ...facts, ...own, name: called, path: located, options, protocol, place: at });
          }
        }
      }
      for (const [i, { name }] of out.entries())
        if (out.findIndex((other) => other.name === name) !== i)
          tell(['data'], `two data sets are called ${name}; give one of them another name`);
      return out;
    },

    methods(): CheckedMethod[] {
      axesOf('training', planTraining, plan.training, false, (below, message) => tell(['training', ...below], message));
      return plan.methods.flatMap(checkedMethod);
    },
  };
}
