// The sections on accuracy: means, ranks, the study beside the published one.
import { accuracyTable, bestPerGroup } from '../analysis/accuracy.ts';
import { besidePublished } from '../analysis/published/beside.ts';
import { rankAnalysis } from '../analysis/ranks.ts';
import { formatCell, type Table, toObjects } from '../analysis/table.ts';
import { figureMarkup } from './figure.ts';
import { criticalDifferenceDiagram } from './figures/critical-difference.ts';
import { dotPlot } from './figures/dot-plot.ts';
import { heatMap } from './figures/heat-map.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportSection } from './section.ts';
import type { StudyRecords } from './study-records.ts';
import { tableMarkup } from './table-markup.ts';
import { percent } from './words.ts';

export function accuracySection({
  results,
  predictions = [],
  highlight = [],
}: StudyRecords): ReportSection | undefined {
  if (results.length === 0) return undefined;
  const table = accuracyTable(results, { predictions: predictions.flatMap(({ test }) => test) });
  const rows = toObjects(table);
  const allGroups = table.columns.filter((c) => c.name.startsWith('group:'));
  const groups = allGroups.length > 1 ? allGroups : []; // a single one says what the mean says
  // With one seed the pictures are the only chance that is known.
  const overSeeds = rows.some((r) => r.low !== null);
  const [low, high] = overSeeds ? ['low', 'high'] : ['pictureLow', 'pictureHigh'];
  const known = (r: Readonly<Record<string, unknown>>): boolean => typeof r[low!] === 'number';
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
            ...(known(r) && { interval: [r[low!] as number, r[high!] as number] as const }),
            highlight: highlight.includes(String(r.method)),
          })),
        },
        width,
      ),
    caption: `${finding}${
      rows.some(known)
        ? ` Bars: 95 % intervals over ${overSeeds ? 'seeds' : 'test pictures; with one seed, what another would change is not known'}.`
        : ''
    }`,
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
