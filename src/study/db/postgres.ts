// A PostgreSQL server, by its URL.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { messageOf, RunError } from '../../base/errors.ts';
import { type Database, prepare, type Upkeep } from './database.ts';
import { withRetry } from './retry.ts';
import type { Tables } from './tables.ts';

/** Connections of one process: a worker needs one for its trial and one for its heartbeat. */
const connections = 4;
/** Milliseconds: a server that doesn't answer within them is tried again. */
const connectTimeout = 10_000;

/** The URL without its password, for messages. */
export const withoutPassword = (url: string): string => url.replace(/(\/\/[^:/@]*):[^@]*@/, '$1:***@');

/**
 * Milliseconds for which a server is asked again, by the code of the error: one that starts or stops says so, and one between the
 * two refuses connections or drops them, as does an address where there is none.
 */
const patience: Readonly<Record<string, number>> = {
  '57P01': 30_000, // admin_shutdown
  '57P02': 30_000, // crash_shutdown
  '57P03': 30_000, // cannot_connect_now
  ECONNREFUSED: 2_000,
  ECONNRESET: 2_000,
};

/** How long an error may be waited out: that of the first cause with a code. */
function patienceWith(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  const { code } = error as { readonly code?: string };
  return (code === undefined ? undefined : patience[code]) ?? patienceWith(error.cause);
}

async function connect(url: string, upkeep: Upkeep): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: connections, connectionTimeoutMillis: connectTimeout });
  // A connection that breaks is replaced. Where one breaks in use the pool doesn't listen: its next query rejects, and that is told.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  return await prepare(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), async () => {}, upkeep);
}

/** Throws RunError where the server can't be reached, some seconds after it was asked first; a server that starts is waited for. */
export async function openPostgres(url: string, upkeep: Upkeep): Promise<Database> {
  try {
    return await withRetry(() => connect(url, upkeep), patienceWith);
  } catch (cause) {
    if (cause instanceof RunError) throw cause;
    throw new RunError(`--db ${withoutPassword(url)}: can't be used: ${messageOf(cause)}`, { cause });
  }
}
