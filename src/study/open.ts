// Opens the study store that `--db` names: a folder (embedded) or the URL of a PostgreSQL server.
import { type Database, upkeepOf } from './db/database.ts';
import type { OwnerRole } from './db/owner.ts';
import { openPglite } from './db/pglite.ts';
import { isServerUrl } from './db/url.ts';
import { standingNote } from './left-standing.ts';

/** Throws RunError where it can't be opened. */
export async function openDatabase(db: string, role: OwnerRole | 'worker'): Promise<Database> {
  if (!isServerUrl(db)) return openPglite(db, role, standingNote);
  const { openPostgres } = await import('./db/postgres.ts'); // its client takes a while to load, and most studies need none
  return openPostgres(db, upkeepOf(role));
}
