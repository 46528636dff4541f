// Accuracy against what it costs: the methods that no other beats in both.
import { groupBy, mean } from './collect.ts';
import type { FinalResult } from './records.ts';
import { column, type Table, type Unit } from './table.ts';

export type Cost = 'parameters' | 'seconds' | 'memory';

const units: Readonly<Record<Cost, { readonly title: string; readonly unit: Unit }>> = {
  parameters: { title: 'Trainable parameters', unit: 'count' },
  seconds: { title: 'Training time', unit: 'seconds' },
  memory: { title: 'Peak memory', unit: 'bytes' },
};

/** One row a method, cheapest first; undefined where no result has this cost. Methods without it are left out. */
export function paretoTable(results: readonly FinalResult[], cost: Cost): Table | undefined {
  const points = [...groupBy(results, (r) => r.method)].flatMap(([method, rows]) => {
    const costs = rows.flatMap((r) => r[cost] ?? []);
    if (costs.length === 0) return [];
    // Over sets first, then seeds don't weigh a set more than another.
    const sets = [...groupBy(rows, (r) => r.data).values()].map((runs) => mean(runs.map((r) => r.top1)));
    return [{ method, cost: mean(costs), top1: mean(sets) }];
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
      column(cost, units[cost].title, units[cost].unit),
      column('top1', 'Mean top-1', 'share'),
      column('front', 'On the front', 'text'),
    ],
    rows,
  };
}
