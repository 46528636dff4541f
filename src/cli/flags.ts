// Command-line flags from option tables: name, help, range and default come from the record and nowhere else.
import { type Command, Option as Flag, InvalidArgumentError } from 'commander';
import { OptionError } from '../base/errors.ts';
import { type Option, type OptionTable, parseOption, ruleOf } from '../base/options.ts';
import type { Device } from '../runtime/session.ts';

/** Flags of the verbs that use a finished run. */
export interface UseFlags {
  readonly model?: string;
  readonly device: Device;
  readonly wiseAlpha?: number;
}

export const wiseAlphaHelp = "between the pre-trained network (0) and the tuned one (1, the default): WiSE-FT's alpha";

/** `learningRate` -> `learning-rate`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** ` (default 8)`, where that says something: a switch is off, and `(0 = ...)` in the help has told already. */
function defaultOf(option: Option): string {
  if (option.type === 'boolean' || option.default === '' || (option.default === 0 && option.help.includes('(0 = ')))
    return '';
  return ` (default ${Array.isArray(option.default) ? option.default.join(',') : option.default})`;
}

function flagOf(name: string, option: Option, owner: string, group: string): Flag {
  const placeholders = {
    integer: 'n',
    number: 'x',
    boolean: '',
    choice: 'name',
    set: 'names',
    indices: 'list',
    text: 'name',
  } as const;
  const placeholder = placeholders[option.type];
  const value = option.type === 'boolean' ? '' : ` <${placeholder}>`;
  const rule = option.type === 'choice' || option.type === 'set' ? `: ${ruleOf(option)}` : '';
  const flag = new Flag(`--${kebab(name)}${value}`, option.help + rule + defaultOf(option)).helpGroup(group);
  if (option.type === 'boolean') return flag;
  return flag.argParser((text: string) => {
    try {
      return parseOption(owner, `--${kebab(name)}`, option, text);
    } catch (error) {
      throw error instanceof OptionError ? error : new InvalidArgumentError(String(error));
    }
  });
}

export interface FlagsOptions {
  /** Who complains about a wrong value. */
  readonly owner: string;
  /** The heading of these flags in the help. */
  readonly group: string;
  /** Goes before each name: `lora` makes `--lora-rank` of `rank`. */
  readonly prefix?: string;
}

/** Adds a flag for each option of the table. */
export function addFlags(command: Command, table: OptionTable, { owner, group, prefix = '' }: FlagsOptions): Command {
  for (const [name, option] of Object.entries(table))
    command.addOption(flagOf(prefixed(prefix, name), option, owner, group));
  return command;
}

/** `lora` + `rank` -> `loraRank`, commander's key for `--lora-rank`. */
function prefixed(prefix: string, name: string): string {
  if (prefix === '') return name;
  const camel = prefix.replace(/[-_](\w)/g, (_, letter: string) => letter.toUpperCase());
  return camel + name[0]!.toUpperCase() + name.slice(1);
}

/** `--lora-rank`: the flag of an option that belongs to `owner`. */
export const flagName = (owner: string, name: string): string => `--${kebab(prefixed(owner, name))}`;

/** The values given for a table's flags, by option name; those not given are left out. */
export function valuesFrom(
  options: Readonly<Record<string, unknown>>,
  table: OptionTable,
  prefix = '',
): Record<string, unknown> {
  const given = Object.keys(table).map((name) => [name, options[prefixed(prefix, name)]] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
