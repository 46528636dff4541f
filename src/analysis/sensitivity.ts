// How much the choice of hyper-parameters matters: spread of validation accuracy over a method's grid, and the share of it
// that each hyper-parameter's main effect explains (as in a balanced analysis of variance; sets are blocks).
import { deviation, groupBy, mean, unique } from './collect.ts';
import type { TrialResult } from './records.ts';
import { column, type Table } from './table.ts';

/**
 * One row a method, the least sensitive first. Loss at random = best of the grid minus its mean: what a blind choice costs;
 * both it and the spread are means over the sets where several points were tried, null where there is none.
 */
export function sensitivityTable(trials: readonly TrialResult[]): Table {
  const rows = [...groupBy(trials, (t) => t.method)].map(([method, ofMethod]) => {
    const bySet = [...groupBy(ofMethod, (t) => t.data).values()].map((ts) => ts.map((t) => t.valTop1));
    const several = bySet.filter((v) => v.length > 1);
    const over = (measure: (values: readonly number[]) => number) =>
      several.length > 0 ? mean(several.map(measure)) : null;
    return [
      method,
      bySet[0]!.length,
      over(deviation),
      over((v) => Math.max(...v) - mean(v)),
      over((v) => Math.max(...v) - Math.min(...v)),
    ];
  });
  return {
    columns: [
      column('method', 'Method', 'text'),
      column('points', 'Grid points', 'count'),
      column('spread', 'Standard deviation', 'spread'),
      column('loss', 'Loss of a blind choice', 'spread'),
      column('worst', 'Best minus worst', 'spread'),
    ],
    rows: rows.sort((a, b) => ((a[3] as number | null) ?? Infinity) - ((b[3] as number | null) ?? Infinity)),
  };
}

/** Share of the variance inside each set that a hyper-parameter's main effect explains; one row a method and parameter. */
export function effectsTable(trials: readonly TrialResult[]): Table {
  const rows = [...groupBy(trials, (t) => t.method)].flatMap(([method, ofMethod]) =>
    Object.keys(ofMethod[0]!.params).flatMap((name) => {
      const values = unique(ofMethod.map((t) => String(t.params[name])));
      if (values.length < 2) return [];
      let explained = 0;
      let total = 0;
      const effect = new Map(values.map((v) => [v, [] as number[]]));
      for (const ts of groupBy(ofMethod, (t) => t.data).values()) {
        const centre = mean(ts.map((t) => t.valTop1));
        for (const t of ts) total += (t.valTop1 - centre) ** 2;
        for (const [value, level] of groupBy(ts, (t) => String(t.params[name]))) {
          const shift = mean(level.map((t) => t.valTop1)) - centre;
          explained += level.length * shift ** 2;
          effect.get(value)!.push(shift);
        }
      }
      const best = values.reduce((a, b) => (mean(effect.get(a)!) >= mean(effect.get(b)!) ? a : b));
      return [[method, name, total > 0 ? explained / total : null, best, mean(effect.get(best)!)]];
    }),
  );
  return {
    columns: [
      column('method', 'Method', 'text'),
      column('parameter', 'Hyper-parameter', 'text'),
      column('explained', 'Variance explained', 'share'),
      column('best', 'Best value', 'text'),
      column('gain', 'Its gain over the mean', 'points'),
    ],
    rows,
  };
}
