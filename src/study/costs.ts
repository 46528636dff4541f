// What runs take that were not made yet. A tuning run: the mean of those of the same cell where there are any, else a product of
// factors for the method, the model with its data, and the round, fitted to the runs that are done (logarithms, by backfitting). A
// final run: its training by its tuning runs, and its tests on top: with shifted sets and their WiSE-FT curves they may take longer
// than the training, and unlike it they take the same with every method, but for those that train and test on cached features.
import type { CellRow, Passes } from './rows.ts';
import type { Group } from './tally.ts';

type Kind = Pick<Group, 'cell' | 'phase' | 'round'>;

/** Backfitting settles within a few sweeps; the estimate needs no more digits. */
const sweeps = 8;
/** Of a study that doesn't say: a fifth of the pictures for validation, which final runs train on too. */
const usualPasses: Passes = { tune: 1, final: 1.2, test: 0 };
/** Seconds: no run takes less, and a logarithm needs a number above zero. */
const least = 1e-3;

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const mean = (values: readonly number[]): number => total(values) / values.length;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/** Values by key, in the order they came. */
function gather<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const own = groups.get(key(item));
    if (own) own.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** Seconds of a tuning run of a cell and round. */
type Training = (cell: number, round: number) => number;

function trainingCosts(cells: readonly CellRow[], done: readonly Group[], passes: (cell: number) => Passes): Training {
  const keyOf = (cell: number, round: number) => `${cell} ${round}`;
  const levelsOf = (cell: number, round: number): readonly string[] => {
    const { model, data, method } = cells[cell]!;
    return [`method ${method}`, `data ${model} ${data}`, `round ${round}`];
  };
  const tuned = done.filter(({ phase }) => phase === 'tune');
  const isTuned = new Set(tuned.map(({ cell }) => cell));
  const observed = [
    ...tuned.map(({ cell, round, seconds, runs }) => ({ cell, round, seconds: seconds / runs })),
    // Of a cell with a single grid point there are final runs only: they tell what tuning would take.
    ...done
      .filter(({ phase, cell }) => phase === 'final' && !isTuned.has(cell))
      .map(({ cell, seconds, runs }) => {
        const { tune, final, test } = passes(cell);
        return { cell, round: 0, seconds: ((seconds / runs) * tune) / (final + test) };
      }),
  ];
  const known = new Map(observed.map(({ cell, round, seconds }) => [keyOf(cell, round), seconds]));
  const kinds = observed.map(({ cell, round, seconds }) => ({
    log: Math.log(Math.max(seconds, least)),
    levels: levelsOf(cell, round),
  }));
  const base = mean(kinds.map(({ log }) => log));
  const effects: readonly Map<string, number>[] = [new Map(), new Map(), new Map()];
  const sum = (levels: readonly string[]) => total(levels.map((level, factor) => effects[factor]!.get(level) ?? 0));
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (const [factor, own] of effects.entries())
      for (const [level, group] of gather(kinds, ({ levels }) => levels[factor]!)) {
        const rest = group.map(({ log, levels }) => log - base - sum(levels) + (own.get(level) ?? 0));
        own.set(level, mean(rest));
      }
  // Of methods, data and rounds that weren't seen yet, the median one: of a few, a linear probe's cost says little of the others'.
  const unseen = effects.map((own) => (own.size > 0 ? median([...own.values()]) : 0));
  const expected = (levels: readonly string[]) =>
    Math.exp(base + total(levels.map((level, factor) => effects[factor]!.get(level) ?? unseen[factor]!)));
  return (cell, round) => known.get(keyOf(cell, round)) ?? expected(levelsOf(cell, round));
}

/** Seconds that a run of a kind is expected to take; NaN while none is done. */
export function costsOf(cells: readonly CellRow[], groups: readonly Group[]): (kind: Kind) => number {
  const passes = (cell: number) => cells[cell]!.passes ?? usualPasses;
  const done = groups.filter(({ state }) => state === 'done');
  const training = trainingCosts(cells, done, passes);
  const finals = new Map(
    done.flatMap(({ cell, phase, seconds, runs }) => (phase === 'final' ? [[cell, seconds / runs] as const] : [])),
  );
  const trained = (cell: number) => (training(cell, 0) * passes(cell).final) / passes(cell).tune;
  const tuningPass = (cell: number) => training(cell, 0) / passes(cell).tune;
  // A pass of testing: what final runs took beyond their training; before there are any, a pass as in tuning. By model, of methods
  // whose passes go through the whole network, as the median method's do.
  const rates = new Map<string, { readonly usual: number; readonly test: number }>();
  for (const [model, own] of gather([...cells.keys()], (cell) => cells[cell]!.model)) {
    const usual = median(own.map(tuningPass));
    const whole = own.filter((cell) => finals.has(cell) && passes(cell).test > 0 && tuningPass(cell) > usual / 2);
    const beyond = total(whole.map((cell) => finals.get(cell)! - trained(cell)));
    const count = total(whole.map((cell) => passes(cell).test));
    rates.set(model, { usual, test: count > 0 ? Math.max(0, beyond) / count : usual });
  }
  const tested = (cell: number): number => {
    const { usual, test } = rates.get(cells[cell]!.model)!;
    return passes(cell).test * test * Math.min(1, tuningPass(cell) / usual);
  };
  return ({ cell, phase, round }) =>
    phase === 'tune' ? training(cell, round) : (finals.get(cell) ?? trained(cell) + tested(cell));
}
