// The reading half of the study store. Every call may be made at any time by any process, and tries again while the database
// is away.
import { type Kysely, sql } from 'kysely';
import { type Artifact, readArtifact, readArtifacts } from './artifacts.ts';
import { withRetry } from './db/retry.ts';
import type { Tables } from './db/tables.ts';
import type { StudyRow, TrialRow, WorkerRow } from './rows.ts';
import { readTally } from './store-tally.ts';
import type { Tally } from './tally.ts';
import type { TrialSpec } from './trial.ts';

export function createReading(kysely: Kysely<Tables>) {
  return {
    studies: async (): Promise<StudyRow[]> =>
      (await withRetry(() =>
        kysely.selectFrom('study').selectAll().orderBy('created').orderBy('id').execute(),
      )) as StudyRow[],

    async trials(study: string, cell?: number): Promise<TrialRow[]> {
      const rows = await withRetry(() =>
        kysely
          .selectFrom('study_trial')
          .innerJoin('trial', 'trial.id', 'study_trial.trial')
          .leftJoin('result', 'result.trial', 'trial.id')
          .where('study', '=', study)
          .$if(cell !== undefined, (q) => q.where('cell', '=', cell!))
          .select(['trial.id', 'cell', 'phase', 'round', 'ordinal', 'point', 'skipped', 'state', 'failures', 'reason'])
          .select(['val', 'tests', 'parameters', 'seconds', 'memory'])
          .orderBy('ordinal')
          .orderBy('trial.id')
          .execute(),
      );
      return rows as TrialRow[];
    },

    /** Runs counted, for the study's standing: what `trials` would tell takes long where there are thousands. */
    tally: (study: string): Promise<Tally> => readTally(kysely, study),

    async spec(trial: string): Promise<TrialSpec> {
      const row = await withRetry(() =>
        kysely.selectFrom('trial_spec').select('spec').where('trial', '=', trial).executeTakeFirstOrThrow(),
      );
      return row.spec as TrialSpec;
    },

    /**
     * Queued trials beside one in a cell of a running study: of its phase and round, in their order. Only those that never failed
     * nor lost a worker, and none where the trial itself did: what may bring a worker down is tried alone.
     */
    async waitingBeside(trial: string): Promise<{ id: string; spec: TrialSpec }[]> {
      const rows = await withRetry(() =>
        kysely
          .selectFrom('study_trial as own')
          .innerJoin('trial as held', 'held.id', 'own.trial')
          .innerJoin('study', 'study.id', 'own.study')
          .innerJoin('study_trial as beside', (join) =>
            join
              .onRef('beside.study', '=', 'own.study')
              .onRef('beside.cell', '=', 'own.cell')
              .onRef('beside.phase', '=', 'own.phase')
              .onRef('beside.round', '=', 'own.round'),
          )
          .innerJoin('trial', 'trial.id', 'beside.trial')
          .innerJoin('trial_spec', 'trial_spec.trial', 'beside.trial')
          .where('own.trial', '=', trial)
          .where('held.failures', '=', 0)
          .where('held.deaths', '=', 0)
          .where('study.status', '=', 'running')
          .where('beside.skipped', '=', false)
          .where('trial.state', '=', 'queued')
          .where('trial.failures', '=', 0)
          .where('trial.deaths', '=', 0)
          .select(['trial.id', 'trial_spec.spec'])
          .orderBy('beside.ordinal')
          .execute(),
      );
      return rows.map(({ id, spec }) => ({ id, spec: spec as TrialSpec }));
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

    artifacts: (trial: string): Promise<Artifact[]> => withRetry(() => readArtifacts(kysely, trial)),

    /** One file of a trial; undefined where it isn't kept. */
    artifact: async (trial: string, name: string): Promise<Uint8Array | undefined> =>
      (await withRetry(() => readArtifact(kysely, trial, name)))?.bytes,

    epochs: (trial: string): Promise<unknown[]> =>
      withRetry(async () => {
        const rows = await kysely
          .selectFrom('epoch')
          .select('record')
          .where('trial', '=', trial)
          .orderBy('epoch')
          .execute();
        return rows.map(({ record }) => record);
      }),

    /** Seconds of a study's trials in their epochs, without the tests at the end; trials that never ended an epoch are left out. */
    epochSeconds: (study: string): Promise<ReadonlyMap<string, number>> =>
      withRetry(async () => {
        const rows = await kysely
          .selectFrom('epoch')
          .where('trial', 'in', (of) => of.selectFrom('study_trial').select('trial').where('study', '=', study))
          .groupBy('trial')
          .select(['trial', sql<number>`sum((record->>'seconds')::double precision)`.as('seconds')])
          .execute();
        return new Map(rows.map(({ trial, seconds }) => [trial, seconds]));
      }),

    /** Whether the attempt still holds its trial. */
    holds: (attempt: string): Promise<boolean> =>
      withRetry(
        async () =>
          (await kysely.selectFrom('trial').select('id').where('attempt', '=', attempt).executeTakeFirst()) !==
          undefined,
      ),

    /** Every try at a trial, the first one first: who, when, and how it ended. */
    attempts: (trial: string) =>
      withRetry(() =>
        kysely
          .selectFrom('attempt')
          .select(['worker', 'started', 'ended', 'outcome', 'reason', 'log'])
          .where('trial', '=', trial)
          .orderBy('started')
          .orderBy('id')
          .execute(),
      ),

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

    references: (): Promise<{ source: string; path: string; record: unknown }[]> =>
      withRetry(() => kysely.selectFrom('reference').selectAll().orderBy('source').orderBy('path').execute()),
  };
}
