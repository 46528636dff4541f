// Large files are kept in parts: a value of PGlite is a string on its way in and out, and those have a largest length.
import { type Kysely, type Migration, sql } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .alterTable('artifact')
    .addColumn('part', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await sql`alter table artifact drop constraint artifact_key`.execute(db);
  await db.schema.alterTable('artifact').addPrimaryKeyConstraint('artifact_key', ['trial', 'name', 'part']).execute();
}

export const artifactParts: Migration = { up };
