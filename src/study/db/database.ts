// A database that the store runs on: PostgreSQL on a server, or embedded in a process (PGlite). From here on there is one
// code path; pg-boss, the queue, goes through the same connections.
import { CompiledQuery, type Kysely, Migrator, sql } from 'kysely';
import type PgBoss from 'pg-boss';
import { messageOf, RunError } from '../../base/errors.ts';
import { studies } from './migrations/001-studies.ts';
import { testSets } from './migrations/002-test-sets.ts';
import { oneHolder } from './migrations/003-one-holder.ts';
import { memory } from './migrations/004-memory.ts';
import { artifactParts } from './migrations/005-artifact-parts.ts';
import { attemptLog } from './migrations/006-attempt-log.ts';
import { specsApart } from './migrations/007-specs-apart.ts';
import type { OwnerRole } from './owner.ts';
import type { Tables } from './tables.ts';

export interface Database {
  readonly kysely: Kysely<Tables>;
  /** `fetch`, `insert` and `deleteJob` only; nothing of it runs by itself. Loaded when it is asked for: who only reads needs none. */
  queue(): Promise<PgBoss>;
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
  '007-specs-apart': specsApart,
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

async function makeTables(kysely: Kysely<Tables>): Promise<void> {
  if (await hasTables(kysely)) return;
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw new RunError(`study store: its tables can't be made: ${messageOf(error)}`, { cause: error });
}

/**
 * What is brought up to date at the opening: the store's tables and the queue's, the store's only (who reads), or none (another
 * process did it).
 */
export type Upkeep = 'all' | 'tables' | 'none';

/** For whoever opens a database that no other process looks after. */
export const upkeepOf = (role: OwnerRole | 'worker'): Upkeep => (role === 'reader' ? 'tables' : 'all');

/** A database over these connections, `release` ends what lies below Kysely. */
export async function prepare(kysely: Kysely<Tables>, release: () => Promise<void>, upkeep: Upkeep): Promise<Database> {
  let loaded: Promise<PgBoss> | undefined;
  const load = async () => {
    const { default: Boss } = await import('pg-boss');
    const queue = new Boss({ db: bossDb(kysely), supervise: false, schedule: false });
    return queue.on('error', () => {}); // every call rejects by itself
  };
  const queue = () => {
    loaded ??= load();
    return loaded;
  };
  const close = async () => {
    await kysely.destroy();
    await release();
  };
  try {
    if (upkeep !== 'none') await makeTables(kysely);
    if (upkeep === 'all') {
      await (await queue()).start();
      await (await queue()).stop({ graceful: false, wait: false }); // it was started for its own tables only
    }
    return { kysely, queue, close };
  } catch (error) {
    await close();
    throw error;
  }
}
