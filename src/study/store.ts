// The study store: every SQL statement about studies, trials and workers. A trial is changed only by the attempt that holds
// it, so a worker that was thought dead and comes back can do no harm. Queued means: a job in the queue of every running
// study that wants the trial. Taking a trial takes the job in the same transaction; giving it back makes new jobs.
import { hostname } from 'node:os';
import { type Insertable, sql, type Transaction } from 'kysely';
import { sha256 } from '../base/identity.ts';
import type { Metrics } from '../train/metrics.ts';
import { bossDb, type Database } from './db/database.ts';
import { withRetry } from './db/retry.ts';
import type { AttemptOutcome, StudyStatus, StudyTrialTable, Tables, TrialState } from './db/tables.ts';
import type { TrialResult } from './environment.ts';
import type { Plan } from './plan.ts';
import type { Phase, TrialSpec } from './trial.ts';

export interface CellName {
  readonly model: string;
  readonly data: string;
  readonly method: string;
}

/** What a trial is within its cell. */
export interface TrialPoint {
  readonly position: readonly number[];
  readonly params: Readonly<Record<string, unknown>>;
  /** Of a final run: its seed, and the points that the chosen one could not be told from (itself included). */
  readonly seed?: number;
  readonly tied?: number;
  readonly tried?: number;
}

export interface NewTrial {
  readonly id: string;
  readonly spec: TrialSpec;
  readonly cell: number;
  readonly phase: Phase;
  readonly round: number;
  readonly ordinal: number;
  readonly point: TrialPoint;
}

export interface StudyRow {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  readonly cells: readonly CellName[];
  readonly status: StudyStatus;
  readonly created: number;
}

export interface TrialRow {
  readonly id: string;
  readonly cell: number;
  readonly phase: Phase;
  readonly round: number;
  readonly ordinal: number;
  readonly point: TrialPoint;
  readonly skipped: boolean;
  readonly state: TrialState;
  readonly failures: number;
  readonly reason: string | null;
  readonly val: Metrics | null;
  readonly test: Metrics | null;
  readonly parameters: number | null;
  readonly seconds: number | null;
}

export interface WorkerRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly heartbeat: number;
  readonly stopped: boolean;
  readonly progress: WorkerProgress | null;
}

export interface WorkerProgress {
  readonly trial: string;
  readonly label: string;
  readonly epoch: number;
  readonly epochs: number;
  /** Share of the trial that is done, 0 to 1. */
  readonly share: number;
}

export interface Claim {
  readonly attempt: string;
  readonly trial: string;
  readonly spec: TrialSpec;
}

/** Errors after which a trial is given up. */
export const maxFailures = 3;
/**
 * Dead workers after which a trial is given up. Most deaths are not the trial's doing (a machine that was switched off), so
 * there are more of them; but one that takes all memory would kill workers for ever.
 */
export const maxDeaths = 25;
/** Rows of one insert: PostgreSQL takes 65,535 values. */
const chunkSize = 2000;

const queueOf = (study: string) => `study-${study}`;
const chunks = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, i) =>
    items.slice(i * chunkSize, (i + 1) * chunkSize),
  );

type Tx = Transaction<Tables>;

export function openStore(database: Database) {
  const { kysely, queue } = database;
  const transact = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => withRetry(() => kysely.transaction().execute(work));

  /** Jobs for queued trials in the queues of all running studies that want them. */
  async function enqueue(tx: Tx, trials: readonly string[]): Promise<void> {
    for (const ids of chunks(trials)) {
      const wanted = await tx
        .selectFrom('study_trial')
        .innerJoin('study', 'study.id', 'study_trial.study')
        .innerJoin('trial', 'trial.id', 'study_trial.trial')
        .where('trial.id', 'in', ids)
        .where('trial.state', '=', 'queued')
        .where('study.status', '=', 'running')
        .where('study_trial.skipped', '=', false)
        .select(['study.id as study', 'trial.id as trial'])
        .select((eb) => eb.fn.min('study_trial.ordinal').as('ordinal'))
        .groupBy(['study.id', 'trial.id'])
        .execute();
      const jobs = wanted.map(({ study, trial, ordinal }) => ({
        name: queueOf(study),
        data: { trial },
        priority: -Number(ordinal),
      }));
      if (jobs.length > 0) await queue.insert(jobs, { db: bossDb(tx) });
    }
  }

  async function insertTrials(tx: Tx, study: string, trials: readonly NewTrial[]): Promise<void> {
    for (const part of chunks(trials)) {
      await tx
        .insertInto('trial')
        .values(part.map(({ id, spec }) => ({ id, spec: JSON.stringify(spec), state: 'queued' as const })))
        .onConflict((c) => c.column('id').doNothing())
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
  async function endAttempt(tx: Tx, attempt: string, outcome: AttemptOutcome, reason: string | null): Promise<boolean> {
    const [ended] = await tx
      .updateTable('attempt')
      .set({ ended: Date.now(), outcome, reason })
      .where('id', '=', attempt)
      .where('ended', 'is', null)
      .returning('trial')
      .execute();
    if (!ended) return false;
    const [trial] = await tx
      .updateTable('trial')
      .set((eb) => ({
        attempt: null,
        failures: eb('failures', '+', outcome === 'failed' ? 1 : 0),
        deaths: eb('deaths', '+', outcome === 'lost' ? 1 : 0),
        ...(reason === null ? {} : { reason }),
      }))
      .where('id', '=', ended.trial)
      .where('attempt', '=', attempt)
      .returning(['id', 'failures', 'deaths'])
      .execute();
    if (!trial) return false;
    const over = trial.failures >= maxFailures || trial.deaths >= maxDeaths;
    const state: TrialState = outcome === 'done' ? 'done' : over ? 'failed' : 'queued';
    await tx.updateTable('trial').set({ state }).where('id', '=', trial.id).execute();
    if (state === 'queued') await enqueue(tx, [trial.id]);
    return true;
  }

  return {
    close: () => database.close(),

    /** Adds a study and its first trials; nothing where it is there already. Trials that other studies ran are shared. */
    async addStudy(
      study: Pick<StudyRow, 'id' | 'name' | 'plan' | 'cells'>,
      trials: readonly NewTrial[],
    ): Promise<void> {
      await withRetry(() => queue.createQueue(queueOf(study.id)));
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

    studies: async (): Promise<StudyRow[]> =>
      (await withRetry(() => kysely.selectFrom('study').selectAll().orderBy('created').orderBy('id').execute())) as StudyRow[], // biome-ignore format: one statement

    async trials(study: string, cell?: number): Promise<TrialRow[]> {
      const rows = await withRetry(() =>
        kysely
          .selectFrom('study_trial')
          .innerJoin('trial', 'trial.id', 'study_trial.trial')
          .leftJoin('result', 'result.trial', 'trial.id')
          .where('study', '=', study)
          .$if(cell !== undefined, (q) => q.where('cell', '=', cell!))
          .select(['trial.id', 'cell', 'phase', 'round', 'ordinal', 'point', 'skipped', 'state', 'failures', 'reason'])
          .select(['val', 'test', 'parameters', 'seconds'])
          .orderBy('ordinal')
          .orderBy('trial.id')
          .execute(),
      );
      return rows as TrialRow[];
    },

    async spec(trial: string): Promise<TrialSpec> {
      const row = await withRetry(() =>
        kysely.selectFrom('trial').select('spec').where('id', '=', trial).executeTakeFirstOrThrow(),
      );
      return row.spec as TrialSpec;
    },

    /** 1 where the prediction was right, else 0, for each validation picture, by trial. */
    async valRight(trials: readonly string[]): Promise<Map<string, Uint8Array>> {
      if (trials.length === 0) return new Map();
      const rows = await withRetry(() =>
        kysely
          .selectFrom('result')
          .select(['trial', 'val_right'])
          .where('trial', 'in', [...trials])
          .execute(),
      );
      return new Map(rows.flatMap(({ trial, val_right }) => (val_right ? [[trial, val_right] as const] : [])));
    },

    async artifacts(trial: string): Promise<{ name: string; sha256: string; bytes: Uint8Array }[]> {
      return withRetry(() =>
        kysely
          .selectFrom('artifact')
          .select(['name', 'sha256', 'bytes'])
          .where('trial', '=', trial)
          .orderBy('name')
          .execute(),
      );
    },

    epochs: (trial: string): Promise<unknown[]> =>
      withRetry(async () => {
        const rows = await kysely.selectFrom('epoch').select('record').where('trial', '=', trial).orderBy('epoch').execute(); // biome-ignore format: one statement
        return rows.map(({ record }) => record);
      }),

    /** Worker rows heard from since `since`, in order of their start. */
    workers: async (since: number): Promise<WorkerRow[]> =>
      (await withRetry(() =>
        kysely
          .selectFrom('worker')
          .select(['id', 'host', 'pid', 'heartbeat', 'stopped', 'progress'])
          .where('heartbeat', '>=', since)
          .where('stopped', '=', false)
          .orderBy('started')
          .orderBy('id')
          .execute(),
      )) as WorkerRow[],

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
        const before = await tx
          .selectFrom('attempt')
          .innerJoin('trial', 'trial.attempt', 'attempt.id')
          .where('attempt.id', '=', attempt)
          .select(['trial.id', 'trial.spec'])
          .executeTakeFirst();
        if (before) return { attempt, trial: before.id, spec: before.spec as TrialSpec };
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
            const [job] = await queue.fetch<{ trial: string }>(name, { db: bossDb(tx) });
            if (!job) break;
            await queue.deleteJob(name, job.id, { db: bossDb(tx) });
            const [taken] = await tx
              .updateTable('trial')
              .set({ state: 'running', attempt })
              .where('id', '=', job.data.trial)
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
              .returning(['id', 'spec'])
              .execute();
            if (!taken) continue; // another study's job was faster, or the budget ran out
            await tx
              .insertInto('attempt')
              .values({
                id: attempt,
                trial: taken.id,
                worker,
                started: Date.now(),
                ended: null,
                outcome: null,
                reason: null,
              })
              .execute();
            return { attempt, trial: taken.id, spec: taken.spec as TrialSpec };
          }
        return undefined;
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

    addEpoch: (trial: string, epoch: number, record: unknown): Promise<void> =>
      transact(async (tx) => {
        await tx
          .insertInto('epoch')
          .values({ trial, epoch, record: JSON.stringify(record) })
          .onConflict((c) => c.columns(['trial', 'epoch']).doUpdateSet({ record: JSON.stringify(record) }))
          .execute();
      }),

    /** Keeps a finished trial's result; false, and nothing kept, where the attempt lost the trial meanwhile. */
    finish: (attempt: string, trial: string, result: TrialResult): Promise<boolean> =>
      transact(async (tx) => {
        if (!(await endAttempt(tx, attempt, 'done', null))) return false;
        await tx
          .insertInto('result')
          .values({
            trial,
            val: result.val ? JSON.stringify(result.val) : null,
            test: result.test ? JSON.stringify(result.test) : null,
            parameters: result.parameters,
            seconds: result.seconds,
            kept_epoch: result.keptEpoch,
            val_right: result.valRight ?? null,
          })
          .execute();
        const files = Object.entries(result.files).map(([name, bytes]) => ({
          trial,
          name,
          sha256: sha256(bytes),
          bytes,
        }));
        if (files.length > 0) await tx.insertInto('artifact').values(files).execute();
        return true;
      }),

    /** Ends an attempt without a result: the trial goes back to the queue, or is given up. */
    giveBack: (attempt: string, outcome: 'failed' | 'stopped' | 'lost', reason: string | null): Promise<boolean> =>
      transact((tx) => endAttempt(tx, attempt, outcome, reason)),

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

    /** Workers that hold a trial and were not heard from since. */
    async silentWorkers(since: number): Promise<string[]> {
      const rows = await withRetry(() =>
        kysely
          .selectFrom('attempt')
          .leftJoin('worker', 'worker.id', 'attempt.worker')
          .where('ended', 'is', null)
          .where((eb) => eb.or([eb('heartbeat', 'is', null), eb('heartbeat', '<', since), eb('stopped', '=', true)]))
          .select('attempt.worker')
          .distinct()
          .execute(),
      );
      return rows.map(({ worker }) => worker);
    },

    /** Cells of running studies that a trial belongs to. */
    cellsOf: (trial: string): Promise<{ study: string; cell: number }[]> =>
      withRetry(() =>
        kysely
          .selectFrom('study_trial')
          .innerJoin('study', 'study.id', 'study_trial.study')
          .where('trial', '=', trial)
          .where('status', '!=', 'done')
          .select(['study', 'cell'])
          .distinct()
          .execute(),
      ),

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

    references: (): Promise<{ source: string; path: string; record: unknown }[]> =>
      withRetry(() => kysely.selectFrom('reference').selectAll().orderBy('source').orderBy('path').execute()),
  };
}

export type Store = ReturnType<typeof openStore>;
