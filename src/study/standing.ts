// Where a study stands: counts, best so far, work left. Pure, so that it can be shown by whoever can read the store.
import { costsOf } from './costs.ts';
import type { StudyRow, WorkerRow } from './rows.ts';
import type { Group, Tally } from './tally.ts';

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

/** A run that was given up. */
export interface Failure {
  readonly trial: string;
  readonly data: string;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly reason: string;
}

/** Runs that wait, alike. */
export interface Waiting {
  readonly runs: number;
  /** Of each. */
  readonly seconds: number;
}

export interface Standing {
  readonly study: string;
  readonly status: StudyRow['status'];
  /** Runs, final ones that are still to be made included. */
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  /** Work in seconds of one worker: of runs that are over, done (with the share of what runs), and left. */
  readonly workOver: number;
  readonly workDone: number;
  readonly workLeft: number;
  /** What the work left consists of: seconds of each run under way, and of those that wait, in the order in which they are taken. */
  readonly underWay: readonly number[];
  readonly waiting: readonly Waiting[];
  readonly best: readonly Best[];
  readonly failures: readonly Failure[];
}

export interface StudyStanding {
  readonly standing: Standing;
  /** Heard from lately, of all studies of the store. */
  readonly workers: readonly WorkerRow[];
}

const count = (groups: readonly Group[], wanted: Partial<Group>): number =>
  groups
    .filter((group) => Object.entries(wanted).every(([key, value]) => group[key as keyof Group] === value))
    .reduce((sum, { runs }) => sum + runs, 0);

/** Final runs come after all tuning, a cell's after another's; of one round of tuning the cells take turns. */
const byTurn = (a: Pick<Group, 'phase' | 'round' | 'cell'>, b: typeof a): number =>
  Number(a.phase === 'final') - Number(b.phase === 'final') || a.round - b.round || a.cell - b.cell;

export function standingOf(study: StudyRow, tally: Tally, workers: readonly WorkerRow[]): Standing {
  const { groups, running } = tally;
  const cost = costsOf(study.cells, groups);
  const share = new Map(
    workers.flatMap(({ progress }) => (progress ? [[progress.trial, progress.share] as const] : [])),
  );
  const withFinals = new Set(groups.flatMap(({ cell, phase }) => (phase === 'final' ? [cell] : [])));
  const missing = study.cells.flatMap((_, cell) =>
    withFinals.has(cell) ? [] : [{ cell, phase: 'final' as const, round: 0, runs: study.plan.seeds.length }],
  );
  const waiting = [...groups.filter(({ state }) => state === 'queued'), ...missing]
    .toSorted(byTurn)
    .map((kind) => ({ runs: kind.runs, seconds: cost(kind) }));
  let workOver = 0;
  for (const group of groups) {
    if (group.state === 'done') workOver += group.seconds;
    if (group.state === 'failed') workOver += group.runs * cost(group);
  }
  let workDone = workOver;
  const underWay: number[] = [];
  for (const run of running) {
    const part = share.get(run.trial) ?? 0;
    if (part > 0) workDone += part * cost(run);
    underWay.push(part < 1 ? (1 - part) * cost(run) : 0);
  }
  const workLeft = [...waiting.map(({ runs, seconds }) => runs * seconds), ...underWay].reduce((a, b) => a + b, 0);
  const best = tally.best.map(({ cell, params, val }): Best => {
    const done = count(groups, { cell, phase: 'tune', state: 'done' });
    return { ...study.cells[cell]!, params, val, done, points: count(groups, { cell, phase: 'tune' }) };
  });
  return {
    study: study.name,
    status: study.status,
    total: count(groups, {}) + missing.reduce((sum, { runs }) => sum + runs, 0),
    done: count(groups, { state: 'done' }),
    failed: count(groups, { state: 'failed' }),
    running: running.length,
    workOver,
    workDone,
    workLeft,
    underWay,
    waiting,
    best,
    failures: tally.failures.map(({ trial, cell, params, reason }) => {
      const { data, method } = study.cells[cell]!;
      return { trial, data, method, params, reason: reason ?? '' };
    }),
  };
}
