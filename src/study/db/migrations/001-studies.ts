// The first tables of the study store.
import { type Kysely, type Migration, sql } from 'kysely';

const jsonb = sql`jsonb`;
const double = sql`double precision`;

async function up(db: Kysely<never>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('study')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('plan', jsonb, (c) => c.notNull())
    .addColumn('cells', jsonb, (c) => c.notNull())
    .addColumn('status', 'text', (c) => c.notNull())
    .addColumn('created', double, (c) => c.notNull())
    .execute();
  await schema
    .createTable('trial')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('spec', jsonb, (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('failures', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('deaths', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('reason', 'text')
    .addColumn('attempt', 'text')
    .execute();
  await schema
    .createTable('study_trial')
    .addColumn('study', 'text', (c) => c.notNull().references('study.id'))
    .addColumn('trial', 'text', (c) => c.notNull().references('trial.id'))
    .addColumn('cell', 'integer', (c) => c.notNull())
    .addColumn('phase', 'text', (c) => c.notNull())
    .addColumn('round', 'integer', (c) => c.notNull())
    .addColumn('ordinal', 'integer', (c) => c.notNull())
    .addColumn('point', jsonb, (c) => c.notNull())
    .addColumn('skipped', 'boolean', (c) => c.notNull().defaultTo(false))
    .addPrimaryKeyConstraint('study_trial_key', ['study', 'cell', 'phase', 'round', 'trial'])
    .execute();
  await schema.createIndex('study_trial_trial').on('study_trial').column('trial').execute();
  await schema
    .createTable('attempt')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('trial', 'text', (c) => c.notNull().references('trial.id'))
    .addColumn('worker', 'text', (c) => c.notNull())
    .addColumn('started', double, (c) => c.notNull())
    .addColumn('ended', double)
    .addColumn('outcome', 'text')
    .addColumn('reason', 'text')
    .execute();
  await schema.createIndex('attempt_open').on('attempt').column('worker').where(sql`ended`, 'is', null).execute();
  await schema
    .createTable('epoch')
    .addColumn('trial', 'text', (c) => c.notNull().references('trial.id'))
    .addColumn('epoch', 'integer', (c) => c.notNull())
    .addColumn('record', jsonb, (c) => c.notNull())
    .addPrimaryKeyConstraint('epoch_key', ['trial', 'epoch'])
    .execute();
  await schema
    .createTable('result')
    .addColumn('trial', 'text', (c) => c.primaryKey().references('trial.id'))
    .addColumn('val', jsonb)
    .addColumn('test', jsonb)
    .addColumn('parameters', double, (c) => c.notNull())
    .addColumn('seconds', double, (c) => c.notNull())
    .addColumn('kept_epoch', 'integer', (c) => c.notNull())
    .addColumn('val_right', 'bytea')
    .execute();
  await schema
    .createTable('artifact')
    .addColumn('trial', 'text', (c) => c.notNull().references('trial.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('bytes', 'bytea', (c) => c.notNull())
    .addPrimaryKeyConstraint('artifact_key', ['trial', 'name'])
    .execute();
  await schema
    .createTable('worker')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('host', 'text', (c) => c.notNull())
    .addColumn('pid', 'integer', (c) => c.notNull())
    .addColumn('started', double, (c) => c.notNull())
    .addColumn('heartbeat', double, (c) => c.notNull())
    .addColumn('stopped', 'boolean', (c) => c.notNull().defaultTo(false))
    .addColumn('progress', jsonb)
    .execute();
  await schema
    .createTable('reference')
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('path', 'text', (c) => c.notNull())
    .addColumn('record', jsonb, (c) => c.notNull())
    .addPrimaryKeyConstraint('reference_key', ['source', 'path'])
    .execute();
}

export const studies: Migration = { up };
