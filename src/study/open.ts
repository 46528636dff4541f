// Opens the study store that `--db` names: a folder (embedded) or the URL of a PostgreSQL server.
import type { Database } from './db/database.ts';
import type { OwnerRole } from './db/owner.ts';
import { openPglite } from './db/pglite.ts';
import { isServerUrl, openPostgres } from './db/postgres.ts';
import { standingNote } from './left-standing.ts';

/** Throws RunError where it can't be opened. */
export const openDatabase = (db: string, role: OwnerRole | 'worker'): Promise<Database> =>
  isServerUrl(db) ? openPostgres(db) : openPglite(db, role, standingNote);
