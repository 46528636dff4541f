// A PostgreSQL server, by its URL.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { messageOf, RunError } from '../../base/errors.ts';
import { type Database, prepare } from './database.ts';
import type { Tables } from './tables.ts';

/** Connections of one process: a worker needs one for its trial and one for its heartbeat. */
const connections = 4;
/** Milliseconds: a server that doesn't answer within them is tried again. */
const connectTimeout = 10_000;

export const isServerUrl = (db: string): boolean => /^postgres(ql)?:\/\//.test(db);

/** The URL without its password, for messages. */
export const withoutPassword = (url: string): string => url.replace(/(\/\/[^:/@]*):[^@]*@/, '$1:***@');

/** Throws RunError where the server can't be reached. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: connections, connectionTimeoutMillis: connectTimeout });
  pool.on('error', () => {}); // an idle connection that broke is replaced
  try {
    return await prepare(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), async () => {}, true);
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError(`--db ${withoutPassword(url)}: can't be used: ${messageOf(cause)}`, { cause });
  }
}
