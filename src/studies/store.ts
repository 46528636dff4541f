// Where studies are kept, and which of them are meant.
import { join } from 'node:path';
import { RunError } from '../base/errors.ts';
import { unknownName } from '../base/suggest.ts';
import type { OwnerRole } from '../study/db/owner.ts';
import { isServerUrl } from '../study/db/url.ts';
import { openDatabase } from '../study/open.ts';
import type { StudyRow } from '../study/rows.ts';
import { openStore, type Store } from '../study/store.ts';

export const defaultDb = join('runs', 'studies');

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
export async function chosenStudies(
  store: Pick<Store, 'studies'>,
  db: string,
  wanted: string | undefined,
): Promise<StudyRow[]> {
  const all = await store.studies();
  if (all.length === 0) throw new RunError(`--db ${db}: holds no study; start one by vitune study run PLAN --db ${db}`);
  if (wanted === undefined) return all;
  const named = all.filter(({ id, name }) => id === wanted || name === wanted);
  if (named.length === 0)
    throw new RunError(
      `--study: ${unknownName(
        'study',
        wanted,
        all.map(({ name }) => name),
      )}`,
    );
  return named;
}
