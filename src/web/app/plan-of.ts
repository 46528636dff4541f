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
}

const items = (text: string): string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

function plainValue(option: Option, text: string): unknown {
  if (option.type === 'boolean') return text === 'true';
  if (option.type === 'number' || option.type === 'integer') return Number.isFinite(Number(text)) ? Number(text) : text;
  return text;
}

/** One value, or an axis of several. Sets and block indices are written with +, so a comma always parts axis values. */
function axisOf(option: Option, text: string): unknown {
  const values = items(text).map((item) =>
    option.type === 'set' || option.type === 'indices'
      ? item.split('+').map((part) => part.trim())
      : plainValue(option, item),
  );
  return values.length === 1 ? values[0] : values;
}

function axes(table: OptionTable, typed: Readonly<Record<string, string>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(typed).flatMap(([name, text]) =>
      items(text).length === 0 || !table[name] ? [] : [[name, axisOf(table[name], text)]],
    ),
  );
}

/** The plan as JSON; the server checks it. */
export function planOf(form: PlanForm, methods: Readonly<Record<string, OptionTable>>, training: OptionTable): unknown {
  const seeds = items(form.seeds).map(Number);
  return {
    name: form.name,
    data: items(form.data),
    ...(form.model !== '' && { models: form.model }),
    methods: Object.entries(form.methods).map(([name, typed]) => ({ name, options: axes(methods[name]!, typed) })),
    training: axes(training, form.training),
    ...(seeds.length > 0 && { seeds }),
  };
}
