// Attempts that fail keep what they told.
import type { Kysely, Migration } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('attempt').addColumn('log', 'text').execute();
}

export const attemptLog: Migration = { up };
