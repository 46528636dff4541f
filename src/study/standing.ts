// Where a study stands: counts, best so far, work left. Pure, so that it can be shown by whoever can read the store.
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

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** What a run of a kind takes: the mean of those done of the same kind, else of ever wider kinds. */
function costs(rows: readonly TrialRow[], methods: readonly string[]) {
  const known = new Map<string, number[]>();
  const kinds = (row: Pick<TrialRow, 'cell' | 'phase' | 'round'>) => [
    `${row.cell} ${row.phase} ${row.round}`,
    `${methods[row.cell]} ${row.phase} ${row.round}`,
    `${row.cell}`,
    `${methods[row.cell]}`,
    '',
  ];
  for (const row of rows)
    if (row.state === 'done')
      for (const kind of kinds(row)) {
        const seen = known.get(kind);
        if (seen) seen.push(row.seconds!);
        else known.set(kind, [row.seconds!]);
      }
  const means = new Map([...known].map(([kind, seconds]) => [kind, mean(seconds)]));
  return (row: Pick<TrialRow, 'cell' | 'phase' | 'round'>): number =>
    kinds(row)
      .map((kind) => means.get(kind))
      .find((seconds) => seconds !== undefined) ?? Number.NaN;
}

export function standingOf(study: StudyRow, all: readonly TrialRow[], workers: readonly WorkerRow[]): Standing {
  const rows = all.filter(({ skipped, state }) => !(skipped && state === 'queued'));
  const cost = costs(
    rows,
    study.cells.map(({ method }) => method),
  );
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
