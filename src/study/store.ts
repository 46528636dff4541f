// The study store: what changes something (store-reading.ts reads, store-transitions.ts has the shared parts). A trial is changed only
// by the attempt that holds it, so a worker that was thought dead and comes back can do no harm. Queued means: a job in the queue of every running
// study that wants the trial. Taking a trial takes the job in the same transaction; giving it back makes new jobs.
import { hostname } from 'node:os';
import { sql } from 'kysely';
import { writeArtifacts } from './artifacts.ts';
import { bossDb, type Database } from './db/database.ts';
import { withRetry } from './db/retry.ts';
import type { TrialResult } from './environment.ts';
import type { Claim, NewTrial, StudyRow, StudyStatus, WorkerProgress } from './rows.ts';
import { createReading } from './store-reading.ts';
import { chunks, createTransitions, queueOf, type Tx } from './store-transitions.ts';
import type { TrialSpec } from './trial.ts';

/** From here on a plan made without the tables' statistics takes several times as long; PGlite never gathers any by itself. */
const manyRows = 1000;

export function openStore(database: Database) {
  const { kysely, queue } = database;
  const transact = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => withRetry(() => kysely.transaction().execute(work));

  const { enqueue, insertTrials, endAttempt } = createTransitions(queue);

  /** What an attempt took before: the answer may have been lost. */
  async function heldBy(tx: Tx, attempt: string): Promise<Claim | undefined> {
    const held = await tx
      .selectFrom('attempt')
      .innerJoin('trial', 'trial.attempt', 'attempt.id')
      .innerJoin('trial_spec', 'trial_spec.trial', 'trial.id')
      .where('attempt.id', '=', attempt)
      .select(['trial.id', 'trial_spec.spec'])
      .executeTakeFirst();
    return held && { attempt, trial: held.id, spec: held.spec as TrialSpec };
  }

  /** Whether an attempt's result is kept already: the answer may have been lost. */
  async function hasFinished(tx: Tx, attempt: string): Promise<boolean> {
    const row = await tx.selectFrom('attempt').select('outcome').where('id', '=', attempt).executeTakeFirst();
    return row?.outcome === 'done';
  }

  /** Gives a queued trial that the study wants to an attempt. */
  async function take(
    tx: Tx,
    { worker, attempt, trial, study }: Readonly<Record<'worker' | 'attempt' | 'trial' | 'study', string>>,
  ): Promise<Claim | undefined> {
    const [taken] = await tx
      .updateTable('trial')
      .from('trial_spec')
      .set({ state: 'running', attempt })
      .where('trial.id', '=', trial)
      .whereRef('trial_spec.trial', '=', 'trial.id')
      .where('state', '=', 'queued')
      .where((eb) =>
        eb.exists(
          eb
            .selectFrom('study_trial')
            .select(sql`1`.as('one'))
            .whereRef('study_trial.trial', '=', 'trial.id')
            .where('study', '=', study)
            .where('skipped', '=', false),
        ),
      )
      .returning('spec')
      .execute();
    if (!taken) return undefined;
    const open = { ended: null, outcome: null, reason: null };
    await tx
      .insertInto('attempt')
      .values({ id: attempt, trial, worker, started: Date.now(), ...open })
      .execute();
    return { attempt, trial, spec: taken.spec as TrialSpec };
  }

  return {
    ...createReading(kysely),

    close: () => database.close(),

    /** Adds a study and its first trials; nothing where it is there already. Trials that other studies ran are shared. */
    async addStudy(
      study: Pick<StudyRow, 'id' | 'name' | 'plan' | 'cells'>,
      trials: readonly NewTrial[],
    ): Promise<void> {
      await withRetry(async () => (await queue()).createQueue(queueOf(study.id)));
      await transact(async (tx) => {
        const [fresh] = await tx
          .insertInto('study')
          .values({
            id: study.id,
            name: study.name,
            plan: JSON.stringify(study.plan),
            cells: JSON.stringify(study.cells),
            status: 'running',
            created: Date.now(),
          })
          .onConflict((c) => c.column('id').doNothing())
          .returning('id')
          .execute();
        if (fresh) await insertTrials(tx, study.id, trials);
      });
      if (trials.length >= manyRows) await withRetry(() => sql`analyze trial, study_trial`.execute(kysely));
    },

    /** Adds trials of a later stage; those that are there already are left alone. */
    addTrials: (study: string, trials: readonly NewTrial[]): Promise<void> =>
      transact((tx) => insertTrials(tx, study, trials)),

    setStatus: (study: string, status: StudyStatus): Promise<void> =>
      transact(async (tx) => {
        const [changed] = await tx
          .updateTable('study')
          .set({ status })
          .where('id', '=', study)
          .where('status', '!=', status)
          .returning('id')
          .execute();
        if (!changed || status !== 'running') return;
        const waiting = await tx
          .selectFrom('study_trial')
          .innerJoin('trial', 'trial.id', 'study_trial.trial')
          .where('study', '=', study)
          .where('state', '=', 'queued')
          .select('trial.id')
          .execute();
        await enqueue(
          tx,
          waiting.map(({ id }) => id),
        );
      }),

    /** Leaves out the tuning trials of a study that nobody took yet. */
    skipQueued: (study: string): Promise<void> =>
      transact(async (tx) => {
        await tx
          .updateTable('study_trial')
          .set({ skipped: true })
          .where('study', '=', study)
          .where('phase', '=', 'tune')
          .where('trial', 'in', (eb) => eb.selectFrom('trial').select('id').where('state', '=', 'queued'))
          .execute();
      }),

    addWorker: (id: string): Promise<void> =>
      transact(async (tx) => {
        const now = Date.now();
        await tx
          .insertInto('worker')
          .values({ id, host: hostname(), pid: process.pid, started: now, heartbeat: now })
          .onConflict((c) => c.column('id').doNothing())
          .execute();
      }),

    /** Takes the next trial of any running study. `attempt` is a new name: the same one again gives the same answer. */
    claim: (worker: string, attempt: string): Promise<Claim | undefined> =>
      transact(async (tx) => {
        const before = await heldBy(tx, attempt);
        if (before) return before;
        const jobs = await queue();
        const running = await tx
          .selectFrom('study')
          .select('id')
          .where('status', '=', 'running')
          .orderBy('created')
          .orderBy('id')
          .execute();
        for (const { id: study } of running)
          for (;;) {
            const name = queueOf(study);
            const [job] = await jobs.fetch<{ trial: string }>(name, { db: bossDb(tx) });
            if (!job) break;
            await jobs.deleteJob(name, job.id, { db: bossDb(tx) });
            const taken = await take(tx, { worker, attempt, trial: job.data.trial, study });
            if (taken) return taken; // else another study's job was faster, or the budget ran out
          }
        return undefined;
      }),

    /** Takes this very trial for a running study, where it still waits. */
    claimTrial: (worker: string, attempt: string, trial: string): Promise<Claim | undefined> =>
      transact(async (tx) => {
        const before = await heldBy(tx, attempt);
        if (before) return before;
        const wanting = await tx
          .selectFrom('study_trial')
          .innerJoin('study', 'study.id', 'study_trial.study')
          .where('study_trial.trial', '=', trial)
          .where('study.status', '=', 'running')
          .where('study_trial.skipped', '=', false)
          .select('study.id')
          .executeTakeFirst();
        // Its job stays in the queue: whoever fetches it finds the trial taken, and goes on.
        return wanting && take(tx, { worker, attempt, trial, study: wanting.id });
      }),

    /** Tells that the worker lives, and whether the attempt still holds its trial and a running study wants it. */
    heartbeat: (worker: string, attempt: string | undefined, progress: WorkerProgress | undefined): Promise<boolean> =>
      transact(async (tx) => {
        await tx
          .updateTable('worker')
          .set({ heartbeat: Date.now(), stopped: false, progress: progress ? JSON.stringify(progress) : null })
          .where('id', '=', worker)
          .execute();
        if (attempt === undefined) return true;
        const held = await tx
          .selectFrom('trial')
          .innerJoin('study_trial', 'study_trial.trial', 'trial.id')
          .innerJoin('study', 'study.id', 'study_trial.study')
          .where('trial.attempt', '=', attempt)
          .where('study.status', '!=', 'paused')
          .select('trial.id')
          .limit(1)
          .executeTakeFirst();
        return held !== undefined;
      }),

    addEpoch: async (trial: string, epoch: number, record: unknown): Promise<void> => {
      const row = { trial, epoch, record: JSON.stringify(record) };
      await withRetry(() =>
        kysely
          .insertInto('epoch')
          .values(row)
          .onConflict((c) => c.columns(['trial', 'epoch']).doUpdateSet({ record: row.record }))
          .execute(),
      );
    },

    /** Keeps a finished trial's result; false, and nothing kept, where the attempt lost the trial meanwhile. */
    finish: (attempt: string, trial: string, result: TrialResult): Promise<boolean> =>
      transact(async (tx) => {
        if (!(await endAttempt(tx, attempt, 'done', null))) return hasFinished(tx, attempt);
        await tx
          .insertInto('result')
          .values({
            trial,
            val: result.val ? JSON.stringify(result.val) : null,
            tests: Object.keys(result.tests).length > 0 ? JSON.stringify(result.tests) : null,
            parameters: result.parameters,
            seconds: result.seconds,
            memory: result.memory,
            kept_epoch: result.keptEpoch,
            val_right: result.valRight ?? null,
          })
          .execute();
        await writeArtifacts(tx, trial, result.files);
        return true;
      }),

    /** Ends an attempt without a result: the trial goes back to the queue, or is given up. */
    giveBack: (
      attempt: string,
      outcome: 'failed' | 'stopped' | 'lost',
      reason: string | null,
      log: string | null = null,
    ): Promise<boolean> => transact((tx) => endAttempt(tx, attempt, outcome, reason, log)),

    /** Ends what a worker left open when it ended or died. */
    dropWorker: (worker: string, outcome: 'stopped' | 'lost'): Promise<void> =>
      transact(async (tx) => {
        await tx.updateTable('worker').set({ stopped: true, progress: null }).where('id', '=', worker).execute();
        const open = await tx
          .selectFrom('attempt')
          .select('id')
          .where('worker', '=', worker)
          .where('ended', 'is', null)
          .forUpdate()
          .execute();
        const reason = outcome === 'lost' ? 'its worker died' : null;
        for (const { id } of open) await endAttempt(tx, id, outcome, reason);
      }),

    /** Keeps results of others under a source's name, in place of what was there. */
    addReferences: (
      source: string,
      records: readonly { readonly path: string; readonly record: unknown }[],
    ): Promise<void> =>
      transact(async (tx) => {
        await tx.deleteFrom('reference').where('source', '=', source).execute();
        for (const part of chunks(records))
          await tx
            .insertInto('reference')
            .values(part.map(({ path, record }) => ({ source, path, record: JSON.stringify(record) })))
            .execute();
      }),
  };
}
export type Store = ReturnType<typeof openStore>;
