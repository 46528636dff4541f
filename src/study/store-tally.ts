// The study store's counting, done by the database.
import { type Kysely, sql } from 'kysely';
import { withRetry } from './db/retry.ts';
import type { Tables } from './db/tables.ts';
import type { TrialPoint } from './rows.ts';
import type { Tally } from './tally.ts';

export async function readTally(kysely: Kysely<Tables>, study: string): Promise<Tally> {
  const runs = kysely
    .selectFrom('study_trial')
    .innerJoin('trial', 'trial.id', 'study_trial.trial')
    .leftJoin('result', 'result.trial', 'trial.id')
    .where('study', '=', study);
  const top1 = sql<number>`(result.val->>'top1')::double precision`;
  const read = async () => ({
    groups: await runs
      .where((eb) => eb.or([eb('skipped', '=', false), eb('state', '!=', 'queued')]))
      .select(['cell', 'phase', 'round', 'state'])
      .select((eb) => [eb.fn.countAll().as('runs'), eb.fn.sum('seconds').as('seconds')])
      .groupBy(['cell', 'phase', 'round', 'state'])
      .orderBy('cell')
      .orderBy('phase')
      .orderBy('round')
      .orderBy('state')
      .execute(),
    running: await runs
      .where('state', '=', 'running')
      .select(['trial.id as trial', 'cell', 'phase', 'round'])
      .orderBy('ordinal')
      .execute(),
    best: await runs
      .where('phase', '=', 'tune')
      .where('val', 'is not', null)
      .distinctOn('cell')
      .select(['cell', 'point'])
      .select(top1.as('val'))
      .orderBy('cell')
      .orderBy(top1, 'desc')
      .orderBy('ordinal')
      .orderBy('trial.id')
      .execute(),
    failures: await runs
      .where('state', '=', 'failed')
      .select(['trial.id as trial', 'cell', 'point', 'reason'])
      .orderBy('ordinal')
      .orderBy('trial.id')
      .execute(),
  });
  const { groups, running, best, failures } = await withRetry(read);
  return {
    groups: groups.map((group) => ({ ...group, runs: Number(group.runs), seconds: Number(group.seconds ?? 0) })),
    running,
    best: best.map(({ cell, point, val }) => ({ cell, params: (point as TrialPoint).params, val })),
    failures: failures.map(({ point, ...failed }) => ({ ...failed, params: (point as TrialPoint).params })),
  };
}
