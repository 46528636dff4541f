// What the study commands share: where the store is, which studies are meant.
import { Option } from 'commander';
import { OptionError } from '../../base/errors.ts';
import { defaultDb } from '../../studies/store.ts';

export const dbOption = () =>
  new Option('--db <folder|url>', 'the study store: a folder, or postgres://user@host/name').default(defaultDb);
export const studyOption = () => new Option('--study <name>', 'name or id of a study (default: all in the store)');

export interface LookFlags {
  readonly db: string;
  readonly study?: string;
}

export function wholeNumber(owner: string, flag: string, most: number): (text: string) => number {
  return (text) => {
    const n = Number(text);
    if (!Number.isInteger(n) || n < 1 || n > most)
      throw new OptionError(`${owner}: option ${flag} must be a whole number from 1 to ${most}, got "${text}"`);
    return n;
  };
}
