// A trial has one open attempt at most. The store's transitions see to it; here the database itself refuses a second one.
import { type Kysely, type Migration, sql } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createIndex('attempt_one_holder')
    .on('attempt')
    .column('trial')
    .unique()
    .where(sql`ended`, 'is', null)
    .execute();
}

export const oneHolder: Migration = { up };
