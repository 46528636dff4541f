// A database that the store runs on: PostgreSQL on a server, or embedded in a process (PGlite). From here on there is one
// code path; pg-boss, the queue, goes through the same connections.
import { CompiledQuery, type Kysely, Migrator, sql } from 'kysely';
import PgBoss from 'pg-boss';
import { messageOf, RunError } from '../../base/errors.ts';
import { studies } from './migrations/001-studies.ts';
import { testSets } from './migrations/002-test-sets.ts';
import { oneHolder } from './migrations/003-one-holder.ts';
import { memory } from './migrations/004-memory.ts';
import { artifactParts } from './migrations/005-artifact-parts.ts';
import { attemptLog } from './migrations/006-attempt-log.ts';
import type { Tables } from './tables.ts';

export interface Database {
  readonly kysely: Kysely<Tables>;
  /** `fetch`, `insert` and `deleteJob` only; nothing of it runs by itself. */
  readonly queue: PgBoss;
  close(): Promise<void>;
}

/** Migrations in order; a name is never changed once it was published. */
const migrations = {
  '001-studies': studies,
  '002-test-sets': testSets,
  '003-one-holder': oneHolder,
  '004-memory': memory,
  '005-artifact-parts': artifactParts,
  '006-attempt-log': attemptLog,
};

type Executor = Pick<Kysely<Tables>, 'executeQuery'>;

/** pg-boss's way to run SQL, on a connection or inside of a transaction. */
export const bossDb = (db: Executor): PgBoss.Db => ({
  executeSql: async (text, values) => {
    const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []));
    // biome-ignore lint/suspicious/noExplicitAny: pg-boss's own signature
    return { rows: rows as any[] };
  },
});

/** Whether the store's tables are this version's: Kysely's own look takes ten times as long, at every opening. */
async function hasTables(kysely: Kysely<Tables>): Promise<boolean> {
  try {
    const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(kysely);
    return rows.map(({ name }) => name).join() === Object.keys(migrations).join();
  } catch {
    return false; // there are none yet
  }
}

async function bringUpToDate(kysely: Kysely<Tables>, queue: PgBoss): Promise<void> {
  if (!(await hasTables(kysely))) {
    const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
    const { error } = await migrator.migrateToLatest();
    if (error) throw new RunError(`study store: its tables can't be made: ${messageOf(error)}`, { cause: error });
  }
  await queue.start();
  await queue.stop({ graceful: false, wait: false }); // it was started for its own tables only
}

/**
 * A database over these connections, `release` ends what lies below Kysely. Without `migrate` its tables are taken as they
 * are: another process brought them up to date.
 */
export async function prepare(
  kysely: Kysely<Tables>,
  release: () => Promise<void>,
  migrate: boolean,
): Promise<Database> {
  const queue = new PgBoss({ db: bossDb(kysely), supervise: false, schedule: false });
  queue.on('error', () => {}); // every call rejects by itself
  const close = async () => {
    await kysely.destroy();
    await release();
  };
  try {
    if (migrate) await bringUpToDate(kysely, queue);
    return { kysely, queue, close };
  } catch (error) {
    await close();
    throw error;
  }
}
