// What the study commands share: where the store is, which studies are meant.
import { join } from 'node:path';
import { Option } from 'commander';
import { OptionError, RunError } from '../../base/errors.ts';
import { unknownName } from '../../base/suggest.ts';
import type { OwnerRole } from '../../study/db/owner.ts';
import { isServerUrl } from '../../study/db/postgres.ts';
import { openDatabase } from '../../study/open.ts';
import type { StudyRow } from '../../study/rows.ts';
import { openStore, type Store } from '../../study/store.ts';

export const defaultDb = join('runs', 'studies');

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

/** Checkpoints of trials under way: beside an embedded store, or below runs/ for a server's. */
export const runsFolder = (db: string, given: string | undefined): string =>
  given ?? (isServerUrl(db) ? join('runs', 'trials') : join(db, 'trials'));

/** Opens the store for as long as `use` takes. */
export async function withStore<T>(
  db: string,
  role: OwnerRole | 'worker',
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const store = openStore(await openDatabase(db, role));
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** The studies of the store, or the one that is named. Throws RunError where there is none. */
export async function chosenStudies(store: Store, db: string, wanted: string | undefined): Promise<StudyRow[]> {
  const all = await store.studies();
  if (all.length === 0) throw new RunError(`--db ${db}: holds no study; start one by vitune study run PLAN --db ${db}`);
  if (wanted === undefined) return all;
  const named = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (named.length === 0) throw new RunError(`--study: ${unknownName('study', wanted, all.map(({ name }) => name))}`); // biome-ignore format: one line
  return named;
}
