// Trials are counted by their state, over and over, and every change of state writes the whole row: specs, which are ten times as
// long as the rest, have a table of their own.
import { type Kysely, type Migration, sql } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema
    .createTable('trial_spec')
    .addColumn('trial', 'text', (c) => c.primaryKey().references('trial.id'))
    .addColumn('spec', sql`jsonb`, (c) => c.notNull())
    .execute();
  await sql`insert into trial_spec select id, spec from trial`.execute(db);
  // The expression makes the table anew: a column that is dropped stays in the rows until then.
  await sql`alter table trial drop column spec, alter column reason type text using reason || ''`.execute(db);
}

export const specsApart: Migration = { up };
