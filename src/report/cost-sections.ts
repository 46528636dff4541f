// The sections on what accuracy takes: parameters, time and memory, tuning, pictures.
import { groupBy, unique } from '../analysis/collect.ts';
import { type Cost, paretoTable } from '../analysis/pareto.ts';
import { effectsTable, sensitivityTable } from '../analysis/sensitivity.ts';
import { shotsTable } from '../analysis/shots.ts';
import { formatCell, toObjects } from '../analysis/table.ts';
import { figureMarkup } from './figure.ts';
import { roundSeconds, secondsTick } from './figures/axes.ts';
import { lineChart } from './figures/lines.ts';
import { scatter } from './figures/scatter.ts';
import { spans } from './figures/spans.ts';
import { markup } from './markup.ts';
import type { ReportSection } from './section.ts';
import type { StudyRecords } from './study-records.ts';
import { tableMarkup } from './table-markup.ts';
import { count, percent } from './words.ts';

const costs: readonly { readonly cost: Cost; readonly unit: 'count' | 'seconds' | 'bytes'; readonly what: string }[] = [
  { cost: 'parameters', unit: 'count', what: 'trainable parameters (without the head)' },
  { cost: 'seconds', unit: 'seconds', what: 'training time' },
  { cost: 'memory', unit: 'bytes', what: 'peak memory' },
];

export function costSection({ results, highlight = [] }: StudyRecords): ReportSection | undefined {
  const figures = costs.flatMap(({ cost, unit, what }) => {
    const table = paretoTable(results, cost);
    if (!table || table.rows.length < 2) return [];
    const rows = toObjects(table);
    const front = rows.filter((r) => r.front).map((r) => String(r.method));
    return {
      front,
      what,
      markup: figureMarkup({
        id: `cost-${cost}`,
        title: `Accuracy against ${what}`,
        description: `No cheaper method is as accurate as ${front.join(', ')}.`,
        caption: `Blue: no cheaper method is as accurate (${front.join(', ')}). Means over sets.${
          cost === 'memory'
            ? ' Memory is that of the whole process, the least of a set’s runs, since what earlier runs left there counts too.'
            : ''
        }`,
        draw: (width) =>
          scatter(
            {
              points: rows.map((r) => ({
                label: String(r.method),
                x: r[cost] as number,
                y: r.top1 as number,
                highlight: highlight.includes(String(r.method)),
              })),
              xTitle: what,
              yTitle: 'mean top-1, %',
              xKind: 'log',
              ...(unit !== 'count' && { formatX: (v: number) => formatCell(v, unit) }),
              ...(unit === 'seconds' && { ticksX: { round: roundSeconds, format: secondsTick } }),
              front,
            },
            width,
          ),
        table,
      }),
    };
  });
  if (figures.length === 0) return undefined;
  return {
    id: 'cost',
    short: 'Cost',
    title: 'What does accuracy cost?',
    finding: `By ${figures[0]!.what}, the methods worth their price are ${figures[0]!.front.join(', ')}.`,
    body: figures.map((f) => f.markup),
  };
}

export function sensitivitySection({ trials = [] }: StudyRecords): ReportSection | undefined {
  const table = sensitivityTable(trials);
  // A single grid point has nothing to lose.
  const measured = table.rows.filter((row) => row[3] !== null);
  if (measured.length === 0) return undefined;
  const order = measured.map((row) => String(row[0]));
  const lost = new Map(
    [...groupBy(trials, (t) => t.method)].map(([method, ofMethod]) => [
      method,
      [...groupBy(ofMethod, (t) => t.data).values()].flatMap((ts) => {
        const best = Math.max(...ts.map((t) => t.valTop1));
        return ts.map((t) => best - t.valTop1);
      }),
    ]),
  );
  const [first, last] = [measured[0]!, measured.at(-1)!];
  const also = measured.length > 1 ? `, ${last[0]} ${percent(last[3] as number)}` : '';
  const finding = `A blind choice of hyper-parameters costs ${first[0]} ${percent(first[3] as number)} points${also}.`;
  return {
    id: 'sensitivity',
    short: 'Tuning',
    title: 'How much tuning does a method need?',
    finding,
    body: [
      figureMarkup({
        id: 'sensitivity-spans',
        title: 'Points that a random grid point loses against the best of its grid',
        description: `${finding} Pooled over sets.`,
        caption:
          'Bar: middle 80 % of all grid points and sets; line: median; dot: mean, what a blind choice costs on average. Validation accuracy. Grids differ in size and reach, and a wider grid has more to lose.',
        draw: (width) =>
          spans(
            order.map((label) => ({ label, values: lost.get(label)! })),
            'points below the best of the grid',
            width,
          ),
        table,
      }),
      markup`<details><summary>Which hyper-parameter matters</summary>${tableMarkup(effectsTable(trials), 'Which hyper-parameter matters')}</details>`,
    ],
  };
}

export function shotsSection({ shots = [], highlight = [] }: StudyRecords): ReportSection | undefined {
  const sets = [...groupBy(shots, (r) => r.data)].filter(([, rows]) => unique(rows.map((r) => r.pictures)).length > 1);
  if (sets.length === 0) return undefined;
  const figures = sets.map(([set, rows], i) => {
    const table = shotsTable(rows);
    const curves = [...groupBy(toObjects(table), (r) => String(r.method))].map(([label, points]) => ({
      label,
      points: points.map((p) => [p.pictures as number, p.top1 as number] as const),
      highlight: highlight.includes(label),
    }));
    const most = Math.max(...rows.map((r) => r.pictures!));
    const at = (n: number) => rows.filter((r) => r.pictures === n).map((r) => r.top1);
    const least = Math.min(...rows.map((r) => r.pictures!));
    const gap = (values: readonly number[]) => percent(Math.max(...values) - Math.min(...values));
    return figureMarkup({
      id: `shots-${i}`,
      title: `${set}: from few pictures to many`,
      description: `Methods lie ${gap(at(least))} points apart with ${count(least)} pictures, ${gap(at(most))} with ${count(most)}.`,
      draw: (width) => lineChart({ curves, xTitle: 'training pictures', yTitle: 'top-1, %' }, width),
      table,
    });
  });
  return { id: 'shots', short: 'Few to many', title: 'Few pictures and many', body: figures };
}
