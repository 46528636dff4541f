// The axes of a method's grid, from what the plan gives and what the option tables hold; every wrong name or value is told.
import { OptionError } from '../base/errors.ts';
import { type Option, type OptionTable, parseOption } from '../base/options.ts';
import { unknownName } from '../base/suggest.ts';
import type { Axis } from './grid.ts';
import type { PlanPath } from './plan-file.ts';

/** Takes what is wrong with the value at a path below the given one. */
export type Tell = (path: PlanPath, message: string) => void;

/** A set takes a list as one value, block indices a list of numbers; every other list is an axis. */
function valuesOf(option: Option, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) return [given];
  const isOne =
    (option.type === 'set' && !given.some(Array.isArray)) ||
    (option.type === 'indices' && given.every((value) => typeof value === 'number'));
  return isOne && given.length > 0 ? [given] : given;
}

function parsed(option: Option, name: string, given: unknown, tell: Tell): unknown[] {
  const values = valuesOf(option, given);
  if (values.length === 0) tell([name], 'is an empty axis; give at least one value, or leave it out');
  return values.flatMap((value, i) => {
    try {
      return [parseOption('option', name, option, value)];
    } catch (error) {
      if (!(error instanceof OptionError)) throw error;
      tell(Array.isArray(given) && values === given ? [name, i] : [name], error.message.replace(/^option: /, ''));
      return [];
    }
  });
}

/**
 * The axes of `given` values in the table's order. With `published`, options without a value take the published study's
 * grid, where the table has one.
 */
export function axesOf(
  kind: Axis['table'],
  table: OptionTable,
  given: Readonly<Record<string, unknown>>,
  published: boolean,
  tell: Tell,
): Axis[] {
  for (const name of Object.keys(given))
    if (!Object.hasOwn(table, name)) tell([name], unknownName('option', name, Object.keys(table)));
  return Object.entries(table).flatMap(([option, record]) => {
    const value = given[option] ?? (published ? record.grid : undefined);
    if (value === undefined) return [];
    const listed = parsed(record, option, value, tell);
    const values = [...new Map(listed.map((v) => [JSON.stringify(v), v])).values()];
    return values.length > 0 ? [{ table: kind, option, values, listed: listed.length }] : [];
  });
}
