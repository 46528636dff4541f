// The sections on accuracy, cost and robustness: each takes the study and gives a section, or nothing where its records
// aren't there.
import { accuracyTable, bestPerGroup } from '../analysis/accuracy.ts';
import { groupBy, mean, unique } from '../analysis/collect.ts';
import { type Cost, paretoTable } from '../analysis/pareto.ts';
import { besidePublished } from '../analysis/published/beside.ts';
import { rankAnalysis } from '../analysis/ranks.ts';
import { robustnessTable } from '../analysis/robustness.ts';
import { effectsTable, sensitivityTable } from '../analysis/sensitivity.ts';
import { shotsTable } from '../analysis/shots.ts';
import { formatCell, type Table, toObjects } from '../analysis/table.ts';
import { wiseChoiceTable, wiseTable } from '../analysis/wise.ts';
import { figureMarkup } from './figure.ts';
import { criticalDifferenceDiagram } from './figures/critical-difference.ts';
import { dotPlot } from './figures/dot-plot.ts';
import { heatMap } from './figures/heat-map.ts';
import { lineChart } from './figures/lines.ts';
import { panels } from './figures/panels.ts';
import { scatter } from './figures/scatter.ts';
import { spans } from './figures/spans.ts';
import { type Content, type Markup, markup } from './markup.ts';
import type { StudyRecords } from './study-records.ts';
import { tableMarkup } from './table-markup.ts';

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  /** A word or two for the navigation. */
  readonly short: string;
  readonly body: Content;
  /** The section's answer in one sentence, for the top of the report. */
  readonly finding?: string;
  /** Tables as a paper would print them. */
  readonly tables?: readonly {
    readonly caption: string;
    readonly table: Table;
    readonly columns?: readonly string[];
  }[];
}

const count = (n: number): string => n.toLocaleString('en');
const percent = (share: number): string => (100 * share).toFixed(2);

export function accuracySection({ results, highlight = [] }: StudyRecords): ReportSection | undefined {
  if (results.length === 0) return undefined;
  const table = accuracyTable(results);
  const rows = toObjects(table);
  const groups = table.columns.filter((c) => c.name.startsWith('group:'));
  const sets = table.columns.filter((c) => c.name.startsWith('set:'));
  const best = rows[0]!;
  const finding = `${best.method} has the best mean, ${percent(best.mean as number)} % over ${best.sets} set${best.sets === 1 ? '' : 's'}${
    rows[1] ? `, ${percent((best.mean as number) - (rows[1].mean as number))} points before ${rows[1].method}` : ''
  }.`;
  const summary: Table = {
    columns: table.columns.filter((c) => !c.name.startsWith('set:')),
    rows: table.rows.map((row) => row.filter((_, i) => !table.columns[i]!.name.startsWith('set:'))),
  };
  const dots = figureMarkup({
    id: 'accuracy-means',
    title: groups.length > 0 ? 'Mean accuracy, over all sets and by group' : 'Mean accuracy',
    description: `${finding} ${rows.at(-1)!.method} is last with ${percent(rows.at(-1)!.mean as number)} %.`,
    draw: (width) =>
      dotPlot(
        {
          series: ['all sets', ...groups.map((g) => g.title)],
          axis: 'top-1, %',
          rows: rows.map((r) => ({
            label: String(r.method),
            values: [r.mean as number, ...groups.map((g) => r[g.name] as number | null)],
            ...(r.low !== null && { interval: [r.low as number, r.high as number] as const }),
            highlight: highlight.includes(String(r.method)),
          })),
        },
        width,
      ),
    table: summary,
  });
  return {
    id: 'accuracy',
    short: 'Accuracy',
    title: 'Accuracy',
    finding,
    body: [
      dots,
      sets.length > 1 && everySet(table, rows),
      groups.length > 0 &&
        markup`<h3>Best method of each group</h3>${tableMarkup(bestPerGroup(results), 'Best method of each group')}`,
    ],
    tables: [{ caption: 'Mean top-1 accuracy (%) over all sets and by group.', table: summary }],
  };
}

/** Points behind the best method of each set: where a method fails stands out, whatever the set's level. */
function everySet(table: Table, rows: readonly Record<string, unknown>[]): Markup {
  const sets = table.columns.filter((c) => c.name.startsWith('set:'));
  const value = (r: Record<string, unknown>, name: string): number | null => r[name] as number | null;
  const best = new Map(sets.map(({ name }) => [name, Math.max(...rows.map((r) => value(r, name) ?? 0))]));
  const behind = sets.map(({ name }) =>
    rows.map((r) => {
      const own = value(r, name);
      return own === null ? null : best.get(name)! - own;
    }),
  );
  const strongest = 0.2;
  return figureMarkup({
    id: 'accuracy-sets',
    title: 'Points behind the best method of each set',
    description:
      'One row a set, one column a method, best mean first; 0 is the best of that set, a stronger colour is further behind.',
    caption: `0 = best of its set; full colour = ${100 * strongest} points behind or more.`,
    draw: (width) =>
      heatMap(
        {
          rows: sets.map((s) => s.title),
          columns: rows.map((r) => String(r.method)),
          values: behind,
          low: 0,
          high: strongest,
          format: (v) => (100 * v).toFixed(v < 0.0995 ? 1 : 0),
        },
        width,
      ),
    table,
  });
}

export function ranksSection({ results }: StudyRecords): ReportSection | undefined {
  const analysis = rankAnalysis(results);
  if (!analysis) return undefined;
  const p = formatCell(analysis.friedman.p, 'p');
  return {
    id: 'ranks',
    short: 'Ranks',
    title: 'Which methods can be told apart?',
    finding: analysis.words,
    body: [
      markup`<p>${analysis.words} Friedman’s test over ${analysis.sets} sets: chi-squared ${analysis.friedman.statistic.toFixed(1)}, p\u00a0${p.startsWith('<') ? p.replace(' ', '\u00a0') : `=\u00a0${p}`}.${
        analysis.incomplete.length > 0 &&
        ` Left out, since a method has no result there: ${analysis.incomplete.join(', ')}.`
      }</p>`,
      figureMarkup({
        id: 'ranks-diagram',
        title: 'Critical-difference diagram',
        description: `Mean ranks: ${toObjects(analysis.table)
          .map((r) => `${r.method} ${(r.rank as number).toFixed(2)}`)
          .join(', ')}. Critical difference ${analysis.difference.toFixed(2)}.`,
        caption:
          'Mean rank of each method, 1 = best. Methods under one bar are closer than the critical difference (Nemenyi, 0.05): this study cannot tell them apart.',
        draw: (width) => criticalDifferenceDiagram(analysis, width),
        table: analysis.table,
      }),
    ],
    tables: [{ caption: 'Mean ranks over all sets.', table: analysis.table, columns: ['method', 'rank', 'first'] }],
  };
}

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
        caption: `Blue: no cheaper method is as accurate (${front.join(', ')}). Means over sets.`,
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
  if (trials.length === 0) return undefined;
  const table = sensitivityTable(trials);
  const order = table.rows.map((row) => String(row[0]));
  const lost = new Map(
    [...groupBy(trials, (t) => t.method)].map(([method, ofMethod]) => [
      method,
      [...groupBy(ofMethod, (t) => t.data).values()].flatMap((ts) => {
        const best = Math.max(...ts.map((t) => t.valTop1));
        return ts.map((t) => best - t.valTop1);
      }),
    ]),
  );
  const [first, last] = [table.rows[0]!, table.rows.at(-1)!];
  const finding = `A blind choice of hyper-parameters costs ${first[0]} ${percent(first[3] as number)} points, ${last[0]} ${percent(last[3] as number)}.`;
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

export function robustnessSection({ robustness, highlight = [] }: StudyRecords): ReportSection | undefined {
  if (!robustness || robustness.results.length === 0) return undefined;
  const { untuned, results } = robustness;
  const table = robustnessTable(results, robustness);
  const rows = toObjects(table);
  const tuned = rows.filter((r) => r.method !== untuned?.method);
  const [first, last] = [tuned[0]!, tuned.at(-1)!];
  const finding = `On shifted sets ${first.method} keeps most (${percent(first.shifted as number)} %), ${last.method} least (${percent(last.shifted as number)} %).`;
  return {
    id: 'robustness',
    short: 'Robustness',
    title: 'Does tuning cost robustness?',
    finding,
    body: figureMarkup({
      id: 'robustness-scatter',
      title: 'Accuracy in distribution and on shifted sets',
      description: finding,
      caption: `${finding} Mean of ${Object.keys(results[0]!.shifted).join(', ')}. Up and to the right is better.`,
      draw: (width) =>
        scatter(
          {
            points: rows.map((r) => ({
              label: String(r.method),
              x: r.inDistribution as number,
              y: r.shifted as number,
              highlight: [...highlight, untuned?.method].includes(String(r.method)),
            })),
            xTitle: 'in distribution, top-1, %',
            yTitle: 'mean of shifted sets, top-1, %',
            xKind: 'share',
          },
          width,
        ),
      table,
    }),
    tables: [{ caption: 'Accuracy in distribution and on shifted sets (%).', table }],
  };
}

export function wiseSection({ wise = [] }: StudyRecords): ReportSection | undefined {
  if (wise.length === 0) return undefined;
  const table = wiseChoiceTable(wise);
  const [first] = toObjects(table);
  const finding = `Interpolating with the model before tuning helps ${first!.method} most: ${percent(first!.blindShiftedGain as number)} points on shifted sets at alpha ${first!.blindAlpha}, with no loss in distribution.`;
  const gains = new Map(toObjects(table).map((r) => [r.method, r]));
  const curves = wise.map((c) => {
    const shifted = c.alphas.map((_, i) => mean(Object.values(c.shifted).map((v) => v[i]!)));
    const row = gains.get(c.method)!;
    return {
      label: c.method,
      note: `alpha ${row.blindAlpha}: ${formatCell(row.blindShiftedGain!, 'points')} shifted`,
      points: c.inDistribution.map((x, i) => [x, shifted[i]!] as const),
      tips: c.alphas.map((a) => `alpha ${a}`),
    };
  });
  return {
    id: 'wise',
    short: 'WiSE-FT',
    title: 'Back towards the model before tuning (WiSE-FT)',
    finding,
    body: [
      figureMarkup({
        id: 'wise-curves',
        title: 'In distribution and shifted, for alpha from 0 to 1',
        description: `${finding} One panel a method; each curve starts at the untuned model (alpha 0) and ends at the tuned one (alpha 1).`,
        caption:
          'From the untuned model (ring, alpha 0) to the tuned one (large dot, alpha 1) in steps of 0.1; the other methods are grey. Up and to the right is better. Noted: the smallest alpha that loses nothing in distribution, and what it gains on shifted sets over the tuned model.',
        draw: (width) =>
          panels({ curves, xTitle: 'in distribution, top-1, %', yTitle: 'mean of shifted sets, top-1, %' }, width),
        table: wiseTable(wise),
      }),
      markup`<h3>Chosen alpha</h3>`,
      tableMarkup(table, 'Chosen alpha'),
    ],
    tables: [{ caption: 'WiSE-FT: chosen alpha and gains in points.', table }],
  };
}

export function besideSection({ results, published = [] }: StudyRecords): ReportSection | undefined {
  const beside = besidePublished(results, published);
  if (!beside) return undefined;
  return {
    id: 'beside',
    short: 'Beside the paper',
    title: 'Beside the published study',
    finding: beside.words,
    body: [
      markup`<p>${beside.words} The published means are over the 19 sets of VTAB-1k with a ViT-B/16: other pictures and another backbone, so the order can be compared, the level cannot.</p>`,
      tableMarkup(beside.table, 'Beside the published study'),
    ],
    tables: [{ caption: 'Methods here and in the published study.', table: beside.table }],
  };
}
