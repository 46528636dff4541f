// Where a study stands: counts, best so far, work left. Pure, so that it can be shown by whoever can read the store.
import { costsOf } from './costs.ts';
import type { StudyRow, TrialRow, WorkerRow } from './rows.ts';

export interface Best {
  readonly model: string;
  readonly data: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly val: number;
  /** Points that are done, of how many. */
  readonly done: number;
  readonly points: number;
}

export interface Standing {
  readonly study: string;
  readonly status: StudyRow['status'];
  /** Runs, final ones that are still to be made included. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  /** Work in seconds of one worker: done (with the share of what runs), and left. */
  readonly workDone: number;
  readonly workLeft: number;
  readonly best: readonly Best[];
  readonly failures: readonly { readonly trial: string; readonly reason: string }[];
}

export function standingOf(study: StudyRow, all: readonly TrialRow[], workers: readonly WorkerRow[]): Standing {
  const rows = all.filter(({ skipped, state }) => !(skipped && state === 'queued'));
  const cost = costsOf(study.cells, rows);
  const share = new Map(
    workers.flatMap(({ progress }) => (progress ? [[progress.trial, progress.share] as const] : [])),
  );
  const count = (state: TrialRow['state']) => rows.filter((row) => row.state === state).length;
  const withFinals = new Set(rows.flatMap(({ cell, phase }) => (phase === 'final' ? [cell] : [])));
  const missing = study.cells.flatMap((_, cell) =>
    withFinals.has(cell) ? [] : study.plan.seeds.map(() => ({ cell, phase: 'final' as const, round: 0 })),
  );
  let workDone = 0;
  let workLeft = missing.reduce((sum, row) => sum + cost(row), 0);
  for (const row of rows) {
    const whole = row.seconds ?? cost(row);
    const part = row.state === 'done' || row.state === 'failed' ? 1 : (share.get(row.id) ?? 0);
    if (part > 0) workDone += part * whole;
    if (part < 1) workLeft += (1 - part) * whole;
  }
  const best = study.cells.flatMap((names, cell): Best[] => {
    const points = rows.filter((row) => row.cell === cell && row.phase === 'tune');
    const done = points.filter(({ val }) => val !== null);
    const top = done.reduce<TrialRow | undefined>((a, b) => (a && a.val!.top1 >= b.val!.top1 ? a : b), undefined);
    if (!top) return [];
    return [{ ...names, params: top.point.params, val: top.val!.top1, done: done.length, points: points.length }];
  });
  return {
    study: study.name,
    status: study.status,
    total: rows.length + missing.length,
    done: count('done'),
    failed: count('failed'),
    running: count('running'),
    workDone,
    workLeft,
    best,
    failures: rows.flatMap(({ id, state, reason }) =>
      state === 'failed' ? [{ trial: id, reason: reason ?? '' }] : [],
    ),
  };
}
