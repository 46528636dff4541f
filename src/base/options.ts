// Option descriptors: one record says type, default, range and help of an option. Command-line flags, form fields, grid
// axes, docs and validation all derive from it; nothing repeats it.
import { OptionError } from './errors.ts';
import { unknownName } from './suggest.ts';

interface Described {
  readonly help: string;
  /** The published study's grid for this option, where it has one. */
  readonly grid?: readonly (number | string | boolean)[];
  /** Came when results had ids already: its default stays out of them, so that they keep theirs. */
  readonly later?: true;
}
export interface NumberOption extends Described {
  readonly type: 'number' | 'integer';
  readonly default: number;
  readonly min?: number;
  readonly max?: number;
  /** The minimum itself is not allowed (a learning rate has to be above 0). */
  readonly above?: boolean;
}
export interface BooleanOption extends Described {
  readonly type: 'boolean';
  readonly default: boolean;
}
export interface ChoiceOption<T extends string = string> extends Described {
  readonly type: 'choice';
  readonly choices: readonly T[];
  readonly default: T;
}
/** A set of names in the order of `choices`, e.g. which layers LoRA goes to. */
export interface SetOption<T extends string = string> extends Described {
  readonly type: 'set';
  readonly choices: readonly T[];
  readonly default: readonly T[];
}
/** Indices of blocks, in rising order; negative ones count from the end (-1 = the last). Empty = all. */
export interface IndicesOption extends Described {
  readonly type: 'indices';
  readonly default: readonly number[];
}
/** A name that only the data knows, e.g. of a domain. */
export interface TextOption extends Described {
  readonly type: 'text';
  readonly default: string;
}
export type Option = NumberOption | BooleanOption | ChoiceOption | SetOption | IndicesOption | TextOption;
export type OptionTable = { readonly [name: string]: Option };
export type OptionValue = number | boolean | string | readonly string[] | readonly number[];

export type ValueOf<O extends Option> = O extends NumberOption
  ? number
  : O extends BooleanOption
    ? boolean
    : O extends ChoiceOption<infer T>
      ? T
      : O extends SetOption<infer T>
        ? readonly T[]
        : O extends IndicesOption
          ? readonly number[]
          : O extends TextOption
            ? string
            : never;
/** The parsed, fully defaulted values of a table. */
export type ValuesOf<T extends OptionTable> = { readonly [K in keyof T]: ValueOf<T[K]> };

/** The values that an id is made of: all but the defaults of options that came later. */
export function identifying(table: OptionTable, values: Readonly<Record<string, OptionValue>>) {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !(table[name]?.later && value === table[name].default)),
  );
}

function refuse(owner: string, name: string, rule: string, got: unknown): never {
  throw new OptionError(`${owner}: option ${name} must be ${rule}, got ${JSON.stringify(got)}`);
}

/** "a number from 0 to 1", "one of a, b": the rule that an error and the docs both quote. */
export function ruleOf(option: Option): string {
  switch (option.type) {
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${option.choices.join(', ')}`;
    case 'text':
      return 'text';
    case 'set':
      return `a list out of ${option.choices.join(', ')}`;
    case 'indices':
      return 'a list of block indices such as 0,1 or -1 for the last, or all';
    default: {
      const kind = option.type === 'integer' ? 'a whole number' : 'a number';
      const low = option.min === undefined ? '' : option.above ? ` above ${option.min}` : ` of at least ${option.min}`;
      const high = option.max === undefined ? '' : ` and at most ${option.max}`;
      return kind + low + (low ? high : high.replace(' and', ' of'));
    }
  }
}

/** Checks one value (a string from a command line, or a JSON value) against its option. Throws OptionError. */
export function parseOption(owner: string, name: string, option: Option, value: unknown): OptionValue {
  const bad = () => refuse(owner, name, ruleOf(option), value);
  switch (option.type) {
    case 'boolean':
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      return bad();
    case 'text':
      return typeof value === 'string' ? value : bad();
    case 'choice':
      return typeof value === 'string' && option.choices.includes(value) ? value : bad();
    case 'set': {
      const names = typeof value === 'string' ? value.split(/[,+]/).map((s) => s.trim()) : value;
      if (!Array.isArray(names) || names.length === 0 || !names.every((n) => option.choices.includes(n))) return bad();
      return option.choices.filter((c) => names.includes(c));
    }
    case 'indices': {
      if (value === 'all') return [];
      const numbers =
        typeof value === 'string' ? value.split(/[,+]/).map((s) => (s.trim() === '' ? NaN : Number(s))) : value;
      if (!Array.isArray(numbers) || !numbers.every((n) => Number.isInteger(n))) return bad();
      return [...new Set(numbers as number[])].sort((a, b) => a - b);
    }
    default: {
      const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof n !== 'number' || !Number.isFinite(n)) return bad();
      if (option.type === 'integer' && !Number.isInteger(n)) return bad();
      if (option.min !== undefined && (n < option.min || (option.above && n === option.min))) return bad();
      if (option.max !== undefined && n > option.max) return bad();
      return n;
    }
  }
}

/** Checks and defaults a whole set of values: unknown names are refused with the nearest known one. */
export function parseOptions<T extends OptionTable>(
  owner: string,
  table: T,
  values: Readonly<Record<string, unknown>>,
) {
  const known = Object.keys(table);
  for (const name of Object.keys(values))
    if (values[name] !== undefined && !known.includes(name))
      throw new OptionError(
        known.length === 0
          ? `${owner}: takes no options, got "${name}"`
          : `${owner}: ${unknownName('option', name, known)}`,
      );
  const out: Record<string, OptionValue> = {};
  for (const [name, option] of Object.entries(table)) {
    const value = values[name];
    out[name] = value === undefined ? option.default : parseOption(owner, name, option, value);
  }
  return out as ValuesOf<T>;
}
