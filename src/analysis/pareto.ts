// Accuracy against what it costs: the methods that no other beats in both.
import { groupBy, mean } from './collect.ts';
import type { FinalResult } from './records.ts';
import { column, type Table, type Unit } from './table.ts';

export type Cost = 'parameters' | 'seconds' | 'memory';

interface CostKind {
  readonly title: string;
  readonly unit: Unit;
  /** One figure of a set's runs. */
  readonly fold: (values: readonly number[]) => number;
}

const kinds: Readonly<Record<Cost, CostKind>> = {
  parameters: { title: 'Trainable parameters', unit: 'count', fold: mean },
  seconds: { title: 'Training time', unit: 'seconds', fold: mean },
  // What earlier runs left in a worker's process only adds: the least is the nearest to what the method takes by itself.
  memory: { title: 'Peak memory', unit: 'bytes', fold: (values) => Math.min(...values) },
};

/** One row a method, cheapest first; undefined where no result has this cost. Methods without it are left out. */
export function paretoTable(results: readonly FinalResult[], cost: Cost): Table | undefined {
  const { title, unit, fold } = kinds[cost];
  const points = [...groupBy(results, (r) => r.method)].flatMap(([method, rows]) => {
    // Over sets first, then seeds don't weigh a set more than another.
    const sets = [...groupBy(rows, (r) => r.data).values()];
    const costs = sets.flatMap((runs) => {
      const known = runs.flatMap((r) => r[cost] ?? []);
      return known.length > 0 ? fold(known) : [];
    });
    if (costs.length === 0) return [];
    return [{ method, cost: mean(costs), top1: mean(sets.map((runs) => mean(runs.map((r) => r.top1)))) }];
  });
  if (points.length === 0) return undefined;
  points.sort((a, b) => a.cost - b.cost || b.top1 - a.top1);
  let best = Number.NEGATIVE_INFINITY;
  const rows = points.map(({ method, cost, top1 }) => {
    const onFront = top1 > best;
    if (onFront) best = top1;
    return [method, cost, top1, onFront];
  });
  return {
    columns: [
      column('method', 'Method', 'text'),
      column(cost, title, unit),
      column('top1', 'Mean top-1', 'share'),
      column('front', 'On the front', 'text'),
    ],
    rows,
  };
}
