// How a study goes: every grid point is trained on train and measured on val; the chosen one is trained anew on train
// and val together, once a seed, and tested once (divisions.ts says what that means for a data protocol's rounds). What comes next in a cell follows from what is done in it and from nothing
// else, so it doesn't matter who works it out, when, or how often.
//
// Successive halving (Jamieson & Talwalkar 2016) goes round by round: ASHA's promotions without waiting would depend on
// which worker was faster, and a study that was killed and resumed must end in the same bits.
import { identity, type Json } from '../base/identity.ts';
import type { Study } from './check.ts';
import { type Candidate, choose } from './choice.ts';
import { finalRun } from './divisions.ts';
import type { Plan } from './plan.ts';
import type { CellName, NewTrial, StudyRow, TrialPoint, TrialRow } from './rows.ts';
import { keptOf } from './search.ts';
import type { Store } from './store.ts';
import { type TrialSpec, trialId } from './trial.ts';

/** Final runs come after all tuning, round after round; the order is also the queue's. */
const roundStride = 10_000_000;
const finalStart = 1_000_000_000;

/** The id of a study: what it wants, down to the contents of data and models. */
export const studyId = ({ plan, cells }: Study): string =>
  identity({
    name: plan.name,
    search: plan.search,
    choose: plan.choose,
    seeds: plan.seeds,
    budget: plan.budget,
    cells: cells.map(({ model, data, method, points }) => ({
      model,
      data,
      method,
      points: points.map(({ id }) => id),
    })),
  } as unknown as Json);

/** What the store keeps of a study. */
export const studyRow = (study: Study): Pick<StudyRow, 'id' | 'name' | 'plan' | 'cells'> => ({
  id: studyId(study),
  name: study.plan.name,
  plan: study.plan,
  cells: study.cells.map(({ points: _, ...cell }) => cell),
});

function finalTrials(plan: Plan, cell: number, spec: TrialSpec, point: TrialPoint): NewTrial[] {
  return plan.seeds.map((seed, i) => {
    const final: TrialSpec = { ...spec, phase: 'final', run: finalRun(spec.run, seed) };
    return {
      id: trialId(final),
      spec: final,
      cell,
      phase: 'final',
      round: 0,
      ordinal: finalStart + cell * 1000 + i,
      point: { ...point, seed },
    };
  });
}

/**
 * The order in which cells take turns: along diagonals of data x methods, so that the first few runs have every method and
 * every data set among them, and the time left is known early.
 */
function turns(cells: readonly CellName[]): number[] {
  const methods = new Set(cells.map(({ method }) => method)).size;
  const groups = Math.max(1, Math.round(cells.length / methods));
  return cells.map((_, cell) => {
    const [group, method] = [Math.floor(cell / methods), cell % methods];
    return ((((group - method) % groups) + groups) % groups) * methods + method;
  });
}

/** What a study starts with: the grid points, dealt out cell by cell; of a cell with a single point, the final runs at once. */
export function firstTrials({ plan, cells }: Study): NewTrial[] {
  const turn = turns(cells);
  return cells.flatMap(({ points }, cell) => {
    const tuned = points.length > 1;
    return points.flatMap(({ id, trial, position, params }, rank): NewTrial[] => {
      const point: TrialPoint = { position, params };
      if (!tuned) return finalTrials(plan, cell, trial, { ...point, tried: 1, tied: 1 });
      const ordinal = Math.min(rank * cells.length + turn[cell]!, roundStride - 1);
      return [{ id, spec: trial, cell, phase: 'tune', round: 0, ordinal, point }];
    });
  });
}

const isOver = ({ state, skipped }: TrialRow): boolean =>
  state === 'done' || state === 'failed' || (skipped && state === 'queued');

async function candidatesOf(store: Store, rows: readonly TrialRow[]): Promise<Candidate[]> {
  const done = rows.filter(({ state, val }) => state === 'done' && val);
  const right = await store.valRight(done.map(({ id }) => id));
  return done.map(({ id, point, val, parameters }) => ({
    id,
    position: point.position,
    top1: val!.top1,
    loss: val!.loss,
    parameters: parameters!,
    right: right.get(id)!,
  }));
}

/**
 * Trials that follow in a cell from those given; none while some of the current round are still to come. Once the budget is
 * `spent`, the best of what is known is tested.
 */
async function nextTrials(
  store: Store,
  plan: Plan,
  cell: number,
  rows: readonly TrialRow[],
  spent: boolean,
): Promise<NewTrial[]> {
  const tune = rows.filter(({ phase }) => phase === 'tune');
  if (tune.length === 0 || rows.some(({ phase }) => phase === 'final') || !tune.every(isOver)) return [];
  const last = Math.max(...tune.map((row) => row.round));
  // A round may have come to nothing: left out by the budget, or failed as a whole.
  const hasResult = ({ state, val }: TrialRow) => state === 'done' && val !== null;
  const round = Math.max(...tune.filter(hasResult).map((row) => row.round));
  const current = tune.filter((row) => row.round === round);
  const candidates = await candidatesOf(store, current);
  if (candidates.length === 0) return [];
  const rowOf = new Map(current.map((row) => [row.id, row]));
  const { search } = plan;
  const nextEpochs = search.kind === 'halving' && round === last && !spent ? search.epochs[round + 1] : undefined;
  if (search.kind === 'halving' && nextEpochs !== undefined && candidates.length > 1) {
    const kept = [...candidates]
      .sort((a, b) => b.top1 - a.top1 || a.loss - b.loss)
      .slice(0, keptOf(candidates.length, search.keep));
    return Promise.all(
      kept.map(async ({ id }) => {
        const { ordinal, point } = rowOf.get(id)!;
        const spec = withEpochs(await store.spec(id), nextEpochs);
        return {
          id: trialId(spec),
          spec,
          cell,
          phase: 'tune',
          round: round + 1,
          ordinal: ordinal + roundStride,
          point,
        };
      }),
    );
  }
  const { chosen, tied } = choose(plan.choose, candidates);
  const { point } = rowOf.get(chosen.id)!;
  const epochs = search.kind === 'halving' ? search.epochs.at(-1) : undefined;
  const spec = await store.spec(chosen.id);
  return finalTrials(plan, cell, epochs === undefined ? spec : withEpochs(spec, epochs), {
    ...point,
    tried: tune.filter((row) => row.round === 0).length,
    tied: tied.length,
  });
}

const withEpochs = (spec: TrialSpec, epochs: number): TrialSpec => ({
  ...spec,
  run: { ...spec.run, training: { ...spec.run.training, epochs } },
});

/** Whether the hours of training that a study may take are used up. */
async function isSpent(store: Store, { id, plan }: StudyRow): Promise<boolean> {
  const { hours } = plan.budget;
  if (hours === undefined) return false;
  const { groups } = await store.tally(id);
  return groups.reduce((sum, { seconds }) => sum + seconds, 0) > hours * 3600;
}

/** Brings one cell of a study forward. */
export async function advanceCell(store: Store, study: StudyRow, cell: number): Promise<void> {
  const { id, plan } = study;
  const trials = await nextTrials(store, plan, cell, await store.trials(id, cell), await isSpent(store, study));
  if (trials.length > 0) await store.addTrials(id, trials);
}

/** Brings all cells forward, holds the budget, and tells whether the study is done. */
export async function advanceStudy(store: Store, study: StudyRow): Promise<boolean> {
  const spent = await isSpent(store, study);
  if (spent) await store.skipQueued(study.id);
  const rows = await store.trials(study.id);
  const byCell = new Map<number, TrialRow[]>();
  for (const row of rows) {
    const own = byCell.get(row.cell);
    if (own) own.push(row);
    else byCell.set(row.cell, [row]);
  }
  let added = 0;
  for (const [cell, own] of byCell) {
    const trials = await nextTrials(store, study.plan, cell, own, spent);
    if (trials.length > 0) await store.addTrials(study.id, trials);
    added += trials.length;
  }
  const done = added === 0 && rows.every(isOver);
  if (done && study.status !== 'done') await store.setStatus(study.id, 'done');
  return done;
}
