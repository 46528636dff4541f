// From the form's texts to a plan: a field left empty keeps its default, several values with commas are a grid axis.
import type { Option, OptionTable } from '../../base/options.ts';

export interface PlanForm {
  readonly name: string;
  readonly data: string;
  readonly model: string;
  readonly seeds: string;
  /** By method, then by option: what was typed. */
  readonly methods: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly training: Readonly<Record<string, string>>;
  /** Names; empty = none, and the default. */
  readonly preset: string;
  readonly protocol: string;
  readonly protocolOptions: Readonly<Record<string, string>>;
}

/** The options of one method, or of several combined (`lora+bitfit`) as `lora.rank`; undefined for a name that isn't one. */
export function optionsOf(name: string, methods: Readonly<Record<string, OptionTable>>): OptionTable | undefined {
  const parts = name.split('+');
  if (!parts.every((part) => part in methods) || new Set(parts).size < parts.length) return undefined;
  if (parts.length === 1) return methods[name];
  return Object.fromEntries(
    parts.flatMap((part) => Object.entries(methods[part]!).map(([option, record]) => [`${part}.${option}`, record])),
  );
}

const items = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** What the plan's check would read from the text anyway; numbers as numbers, so that the plan reads well. */
function plainValue({ type }: Option, text: string): string | number {
  const isNumber = (type === 'number' || type === 'integer') && Number.isFinite(Number(text));
  return isNumber ? Number(text) : text;
}

/** One value, or an axis of several. Parts of one value are joined by +, so a comma always parts the axis' values. */
function axisOf(option: Option, text: string): unknown {
  const values = items(text).map((item) => plainValue(option, item));
  if (values.length === 1) return values[0];
  // A plan takes a plain list as a single value of a set.
  return option.type === 'set'
    ? values.map((value) =>
        String(value)
          .split('+')
          .map((part) => part.trim()),
      )
    : values;
}

function axes(table: OptionTable, typed: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(typed).flatMap(([name, text]) =>
      items(text).length === 0 || !table[name] ? [] : [[name, axisOf(table[name], text)]],
    ),
  );
}

/** The plan as JSON; the server checks it. */
export function planOf(
  form: PlanForm,
  methods: Readonly<Record<string, OptionTable>>,
  training: OptionTable,
  protocols: Readonly<Record<string, OptionTable>> = {},
): unknown {
  const seeds = items(form.seeds).map(Number);
  const data = items(form.data);
  const chosen = Object.entries(form.methods);
  return {
    name: form.name,
    // A preset that is a whole plan brings its own where nothing is given here.
    ...((data.length > 0 || form.preset === '') && { data }),
    ...(form.preset !== '' && { preset: form.preset }),
    ...(form.protocol !== '' && {
      protocol: { name: form.protocol, options: axes(protocols[form.protocol] ?? {}, form.protocolOptions) },
    }),
    ...(form.model !== '' && { models: form.model }),
    ...((chosen.length > 0 || form.preset === '') && {
      methods: chosen.map(([name, typed]) => ({ name, options: axes(optionsOf(name, methods) ?? {}, typed) })),
    }),
    training: axes(training, form.training),
    ...(seeds.length > 0 && { seeds }),
  };
}
