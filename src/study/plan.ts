// A study's plan as plain JSON: models x data x methods x options x seeds, how grid points are searched and chosen, and what
// it may cost. The shape is checked here; what needs the registry, the disk or a model is checked in check.ts.
import { z } from 'zod';
import { defaultProtocol } from '../data/protocols/index.ts';

const scalar = z.union([z.number(), z.string(), z.boolean()]);
/** One value; a list is a grid axis. Options that are lists themselves take a list as one value and a list of lists as an axis. */
const axis = z.union([scalar, z.array(z.union([scalar, z.array(z.union([z.string(), z.number()]))]))]);
const axes = z.record(z.string(), axis);
const nonEmpty = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);

const method = z.union([
  z.string(),
  z.strictObject({
    name: z.string().describe('a method (vitune methods lists them), or several by +: lora+bitfit'),
    label: z.string().min(1).max(60).optional().describe('its name in tables, where one method is listed twice'),
    grid: z.enum(['study', 'none']).optional().describe("'study': options without a value take the published grid"),
    options: axes.optional().describe("the method's options (of several: lora.rank); a list is a grid axis"),
    training: axes.optional().describe('training options for this method only; a list is a grid axis'),
  }),
]);

const protocol = z.union([
  z.string(),
  z.strictObject({
    name: z.string().describe('a protocol (vitune data protocols lists them)'),
    options: axes.optional().describe("the protocol's own options; each value of a list is a data set of its own"),
  }),
]);

const data = z.union([
  z.string(),
  z.strictObject({
    path: z.string().describe('a folder of pictures, or the name of a built-in data set'),
    name: z.string().min(1).max(60).optional().describe('its name in tables'),
    group: z.string().min(1).max(60).optional().describe('the family of data that it is of, for means within groups'),
    options: z.record(z.string(), scalar).optional().describe('data options for this data only'),
    protocol: protocol.optional().describe('how this data is divided'),
  }),
]);

const count = z.number().int().min(1).max(1_000_000);

const exhaustive = z.enum(['grid', 'recipe']);
const search = z.union([
  exhaustive,
  z.strictObject({ kind: exhaustive }),
  z.strictObject({
    kind: z.literal('random'),
    points: count.describe('grid points drawn for each model, data and method'),
    seed: z.number().int().min(0).optional(),
  }),
  z.strictObject({
    kind: z.literal('halving'),
    epochs: z.array(count).min(2).describe('epochs of each round, rising; each round trains anew'),
    keep: z.number().gt(0).lt(1).optional().describe('share of the points that reach the next round (default 1/3)'),
  }),
]);

export const choiceRules = ['max', 'smallest-in-tie', 'smoothed'] as const;
export type ChoiceRule = (typeof choiceRules)[number];

export const planSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,60}$/, 'must be 1 to 60 letters, digits, dots, dashes or underscores')
    .describe('name of the study'),
  models: nonEmpty(z.string()).optional().describe('built-in models or model folders (default: the embedded model)'),
  data: nonEmpty(data).describe('folders of pictures or built-in data sets'),
  dataOptions: z.record(z.string(), scalar).optional().describe('data options for all data'),
  protocol: protocol.optional().describe('how data are divided for training, validation and test (default holdout)'),
  methods: nonEmpty(method).describe('methods with their grids'),
  preset: z
    .string()
    .optional()
    .describe('a plan or training options by name, e.g. mini-vtab or study: what the plan gives wins'),
  training: axes.optional().describe('training options for all methods; a list is a grid axis'),
  search: search.optional().describe('which grid points are tried (default grid)'),
  choose: z.enum(choiceRules).optional().describe('how the best point is chosen on validation (default max)'),
  seeds: nonEmpty(
    z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1),
  )
    .optional()
    .describe('seeds of the final runs (default 0)'),
  threads: z.number().int().min(1).max(64).optional().describe('threads of a worker (default 1)'),
  budget: z
    .strictObject({
      trials: count.optional().describe('runs at most, final runs included'),
      hours: z.number().gt(0).optional().describe('hours of training at most, summed over workers, before tuning ends'),
    })
    .optional(),
});

export type PlanInput = z.infer<typeof planSchema>;

/** A whole plan by name, for others to start from. */
export interface PlanPreset {
  readonly name: string;
  readonly summary: string;
  readonly plan: PlanInput;
}

export interface MethodEntry {
  readonly name: string;
  readonly label: string;
  readonly grid: 'study' | 'none';
  readonly options: Readonly<Record<string, unknown>>;
  readonly training: Readonly<Record<string, unknown>>;
}

export interface ProtocolEntry {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface DataEntry {
  readonly path: string;
  readonly name: string | undefined;
  readonly group: string | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly protocol: ProtocolEntry;
}

export type Search =
  | { readonly kind: 'grid' | 'recipe' }
  | { readonly kind: 'random'; readonly points: number; readonly seed: number }
  | { readonly kind: 'halving'; readonly epochs: readonly number[]; readonly keep: number };

/** A plan with every default filled in and every list a list. */
export interface Plan {
  readonly name: string;
  readonly models: readonly string[];
  readonly data: readonly DataEntry[];
  readonly methods: readonly MethodEntry[];
  readonly preset: string | undefined;
  readonly training: Readonly<Record<string, unknown>>;
  readonly search: Search;
  readonly choose: ChoiceRule;
  readonly seeds: readonly number[];
  readonly threads: number;
  readonly budget: { readonly trials: number | undefined; readonly hours: number | undefined };
}

const protocolEntry = (given: PlanInput['protocol']): ProtocolEntry =>
  typeof given === 'object'
    ? { name: given.name, options: given.options ?? {} }
    : { name: given ?? defaultProtocol, options: {} };

const list = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

function searchOf(given: NonNullable<PlanInput['search']>): Search {
  if (typeof given === 'string') return { kind: given };
  if (given.kind === 'random') return { ...given, seed: given.seed ?? 0 };
  return given.kind === 'halving' ? { ...given, keep: given.keep ?? 1 / 3 } : given;
}

/** Fills in the defaults. */
export function normalizePlan(input: PlanInput, defaultModel: string): Plan {
  return {
    name: input.name,
    models: list(input.models ?? defaultModel),
    data: list(input.data).map((entry) => {
      const { path, name, group, options, protocol } = typeof entry === 'string' ? { path: entry } : entry;
      const divided = protocolEntry(protocol ?? input.protocol);
      return { path, name, group, options: { ...input.dataOptions, ...options }, protocol: divided };
    }),
    methods: list(input.methods).map((entry) => {
      const { name, label, grid, options, training } = typeof entry === 'string' ? { name: entry } : entry;
      return { name, label: label ?? name, grid: grid ?? 'none', options: options ?? {}, training: training ?? {} };
    }),
    preset: input.preset,
    training: input.training ?? {},
    search: searchOf(input.search ?? 'grid'),
    choose: input.choose ?? 'max',
    seeds: list(input.seeds ?? 0),
    threads: input.threads ?? 1,
    budget: { trials: input.budget?.trials, hours: input.budget?.hours },
  };
}

/** The plan's JSON schema, for editors: `# yaml-language-server: $schema=...` on the first line of a plan. */
export function planJsonSchema(): unknown {
  const { required, ...schema } = z.toJSONSchema(planSchema);
  // A preset may bring what is required.
  return { ...schema, anyOf: [{ required: ['preset'] }, { required }], title: 'A study of vitune' };
}
