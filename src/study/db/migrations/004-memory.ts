// Results keep the peak memory of training; trials of before have none.
import { type Kysely, type Migration, sql } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('result').addColumn('memory', sql`double precision`).execute();
}

export const memory: Migration = { up };
