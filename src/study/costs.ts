// What runs take that were not made yet: the mean of those of the same cell and phase where there are any, else a product of
// factors for the method, the model with its data, and the phase, fitted to the runs that are done (logarithms, by backfitting).
// What a final run takes more than a tuning run follows from the pictures; the phase's factor corrects it when one is done.
import type { CellRow } from './rows.ts';
import type { Group } from './tally.ts';

type Kind = Pick<Group, 'cell' | 'phase' | 'round'>;

/** Backfitting settles within a few sweeps; the estimate needs no more digits. */
const sweeps = 8;
/** Of a study that doesn't say: a fifth of the pictures for validation, which final runs train on too. */
const usualFinalCost = 1.2;
/** Seconds: no run takes less, and a logarithm needs a number above zero. */
const least = 1e-3;

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

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

/** Seconds that a run of a kind is expected to take; NaN while none is done. */
export function costsOf(cells: readonly CellRow[], groups: readonly Group[]): (kind: Kind) => number {
  const keyOf = ({ cell, phase, round }: Kind) => `${cell} ${phase} ${round}`;
  const levelsOf = ({ cell, phase, round }: Kind): readonly string[] => {
    const { model, data, method } = cells[cell]!;
    return [`method ${method}`, `data ${model} ${data}`, `phase ${phase} ${round}`];
  };
  const expected = ({ cell, phase }: Kind) =>
    phase === 'final' ? Math.log(cells[cell]!.finalCost ?? usualFinalCost) : 0;
  const kinds = groups
    .filter(({ state }) => state === 'done')
    .map((group) => {
      const seconds = group.seconds / group.runs;
      const log = Math.log(Math.max(seconds, least)) - expected(group);
      return { key: keyOf(group), seconds, log, levels: levelsOf(group) };
    });
  const known = new Map(kinds.map(({ key, seconds }) => [key, seconds]));
  const base = mean(kinds.map(({ log }) => log));
  const effects = new Map<string, number>();
  const effectOf = (level: string) => effects.get(level) ?? 0;
  const sum = (levels: readonly string[]) => levels.reduce((total, level) => total + effectOf(level), 0);
  for (let sweep = 0; sweep < sweeps; sweep++)
    for (let factor = 0; factor < 3; factor++)
      for (const [level, group] of gather(kinds, ({ levels }) => levels[factor]!)) {
        const rest = group.map(({ log, levels }) => log - base - sum(levels) + effectOf(level));
        effects.set(level, mean(rest));
      }
  return (kind) => known.get(keyOf(kind)) ?? Math.exp(base + expected(kind) + sum(levelsOf(kind)));
}
