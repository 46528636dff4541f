// What several statements of the study store share: putting trials into the queue, adding them, and ending an attempt. Each is part
// of a caller's transaction.
import type { Insertable, Transaction } from 'kysely';
import { bossDb, type Database } from './db/database.ts';
import type { AttemptOutcome, StudyTrialTable, Tables } from './db/tables.ts';
import type { NewTrial, TrialState } from './rows.ts';

/** Errors after which a trial is given up. */
export const maxFailures = 3;
/**
 * Dead workers after which a trial is given up. Most deaths are not the trial's doing (a machine that was switched off), so
 * there are more of them; but one that takes all memory would kill workers for ever.
 */
export const maxDeaths = 25;
/** Rows of one insert: PostgreSQL takes 65,535 values. */
const chunkSize = 2000;

export const queueOf = (study: string) => `study-${study}`;
export const chunks = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, i) =>
    items.slice(i * chunkSize, (i + 1) * chunkSize),
  );

export type Tx = Transaction<Tables>;

export function createTransitions(queue: Database['queue']) {
  /**
   * Jobs for queued trials in the queues of all running studies that want them. One table a statement: joined, a database that
   * has no statistics of new rows yet (PGlite never gathers any by itself) takes minutes for 20,000 trials.
   */
  async function enqueue(tx: Tx, trials: readonly string[]): Promise<void> {
    const running = await tx.selectFrom('study').select('id').where('status', '=', 'running').execute();
    if (running.length === 0) return;
    for (const ids of chunks(trials)) {
      const queued = await tx
        .selectFrom('trial')
        .select('id')
        .where('id', 'in', ids)
        .where('state', '=', 'queued')
        .execute();
      if (queued.length === 0) continue;
      const wanted = await tx
        .selectFrom('study_trial')
        .where(
          'trial',
          'in',
          queued.map(({ id }) => id),
        )
        .where(
          'study',
          'in',
          running.map(({ id }) => id),
        )
        .where('skipped', '=', false)
        .select(['study', 'trial'])
        .select((eb) => eb.fn.min('ordinal').as('ordinal'))
        .groupBy(['study', 'trial'])
        .execute();
      const jobs = wanted.map(({ study, trial, ordinal }) => ({
        name: queueOf(study),
        data: { trial },
        priority: -Number(ordinal),
      }));
      if (jobs.length > 0) await (await queue()).insert(jobs, { db: bossDb(tx) });
    }
  }

  async function insertTrials(tx: Tx, study: string, trials: readonly NewTrial[]): Promise<void> {
    for (const part of chunks(trials)) {
      await tx
        .insertInto('trial')
        .values(part.map(({ id }) => ({ id, state: 'queued' as const })))
        .onConflict((c) => c.column('id').doNothing())
        .execute();
      await tx
        .insertInto('trial_spec')
        .values(part.map(({ id, spec }) => ({ trial: id, spec: JSON.stringify(spec) })))
        .onConflict((c) => c.column('trial').doNothing())
        .execute();
      const rows: Insertable<StudyTrialTable>[] = part.map(({ id, cell, phase, round, ordinal, point }) => ({
        study,
        trial: id,
        cell,
        phase,
        round,
        ordinal,
        point: JSON.stringify(point),
      }));
      const fresh = await tx
        .insertInto('study_trial')
        .values(rows)
        .onConflict((c) => c.doNothing())
        .returning('trial')
        .execute();
      await enqueue(
        tx,
        fresh.map(({ trial }) => trial),
      );
    }
  }

  /** Ends an open attempt and what it says about its trial; false where it doesn't hold the trial any more. */
  async function endAttempt(
    tx: Tx,
    attempt: string,
    outcome: AttemptOutcome,
    reason: string | null,
    log: string | null = null,
  ): Promise<boolean> {
    const [ended] = await tx
      .updateTable('attempt')
      .set({ ended: Date.now(), outcome, reason, log })
      .where('id', '=', attempt)
      .where('ended', 'is', null)
      .returning('trial')
      .execute();
    if (!ended) return false;
    const failures = outcome === 'failed' ? 1 : 0;
    const deaths = outcome === 'lost' ? 1 : 0;
    const [trial] = await tx
      .updateTable('trial')
      .set((eb) => ({
        attempt: null,
        failures: eb('failures', '+', failures),
        deaths: eb('deaths', '+', deaths),
        state:
          outcome === 'done'
            ? 'done'
            : eb
                .case()
                .when(eb.or([eb('failures', '>=', maxFailures - failures), eb('deaths', '>=', maxDeaths - deaths)]))
                .then<TrialState>('failed')
                .else<TrialState>('queued')
                .end(),
        ...(reason === null ? {} : { reason }),
      }))
      .where('id', '=', ended.trial)
      .where('attempt', '=', attempt)
      .returning(['id', 'state'])
      .execute();
    if (!trial) return false;
    if (trial.state === 'queued') await enqueue(tx, [trial.id]);
    return true;
  }

  return { enqueue, insertTrials, endAttempt };
}
