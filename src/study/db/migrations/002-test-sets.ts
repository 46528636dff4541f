// Results keep every test set by its name, shifted ones too; what there was is the set called `test`.
import { type Kysely, type Migration, sql } from 'kysely';

async function up(db: Kysely<never>): Promise<void> {
  await db.schema.alterTable('result').addColumn('tests', sql`jsonb`).execute();
  await sql`update result set tests = jsonb_build_object('test', test) where test is not null`.execute(db);
  await db.schema.alterTable('result').dropColumn('test').execute();
}

export const testSets: Migration = { up };
