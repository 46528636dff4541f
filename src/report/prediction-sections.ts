// The sections that need predictions: different mistakes, ensembles, pictures only one method gets right.
import { agreementMatrix, errorOverlapMatrix } from '../analysis/agreement.ts';
import { comparisonTable } from '../analysis/compare.ts';
import { ensembleTable } from '../analysis/ensemble.ts';
import { onlyOneRight, oracleTable } from '../analysis/oracle.ts';
import { type Pick, pickNames, pickOverlapMatrix, picks, vennTable } from '../analysis/overlap.ts';
import { perClassTable } from '../analysis/per-class.ts';
import { type Table, toObjects } from '../analysis/table.ts';
import { figureMarkup } from './figure.ts';
import { dotPlot } from './figures/dot-plot.ts';
import { heatMap } from './figures/heat-map.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportSection } from './section.ts';
import type { PredictionSet, StudyRecords } from './study-records.ts';
import { tableMarkup } from './table-markup.ts';
import { percent, together } from './words.ts';

function matrixFigure(id: string, title: string, description: string, table: Table, low = 0): Markup {
  return figureMarkup({
    id,
    title,
    description,
    draw: (width) =>
      heatMap(
        {
          rows: table.rows.map((r) => String(r[0])),
          columns: table.columns.slice(1).map((c) => c.title),
          values: table.rows.map((r) => r.slice(1) as (number | null)[]),
          low,
          high: 1,
          format: (v) => (100 * v).toFixed(0),
        },
        width,
      ),
    table,
  });
}

/** Smallest off-diagonal value, rounded down to tenths: where a matrix' colours begin. */
function floorOf(table: Table): number {
  const values = table.rows.flatMap((row, i) => row.slice(1).filter((v, j) => v !== null && i !== j) as number[]);
  return values.length > 0 ? Math.floor(10 * Math.min(...values)) / 10 : 0;
}

/** The list's length: a twentieth of the pictures, so that the view is alike for small and large sets. */
export const listLength = (pictures: number): number => Math.max(10, Math.round(pictures / 20));

/** How much the methods' lists have in common: a figure of their pairs. */
const overlapFigure = (id: string, { data, test }: PredictionSet, pick: Pick, k: number): Markup =>
  matrixFigure(
    id,
    `${data}: overlap of the ${k} ${pickNames[pick]}`,
    `Share of the row’s list that is in the column’s list too, %. Low: the methods stand apart.`,
    pickOverlapMatrix(test, pick, k),
  );

const regionsTable = ({ data, test }: PredictionSet, pick: Pick, k: number): Markup =>
  tableMarkup(vennTable(test, pick, k), `${data}: ${pickNames[pick]}`);

/** The study's Venn view for lists of any length: pairs as a figure, all regions as a table. */
export const overlapView = (set: PredictionSet, pick: Pick, k: number): Markup =>
  markup`${overlapFigure('overlap', set, pick, k)}<h3>In whose lists?</h3>${regionsTable(set, pick, k)}`;

function mistakes(set: PredictionSet, at: number): Markup {
  const { test, data } = set;
  const k = listLength(test[0]!.names.length);
  const agreement = agreementMatrix(test);
  const oracle = oracleTable(test);
  const classes = perClassTable(test);
  const lists = picks.map(
    (pick) =>
      markup`${
        pick === 'confident-wrong' && overlapFigure(`venn-${at}-${pick}`, set, pick, k)
      }<details><summary>${k} ${pickNames[pick]}: in whose lists?</summary>${regionsTable(set, pick, k)}</details>`,
  );
  return markup`<h3>${data}: how far could a perfect choice of method go?</h3>${tableMarkup(oracle, `${data}: oracle ceiling`)}${matrixFigure(
    `agreement-${at}`,
    `${data}: how often two methods agree`,
    'Share of test pictures that two methods put into the same class, %.',
    agreement,
    floorOf(agreement),
  )}${matrixFigure(
    `errors-${at}`,
    `${data}: overlap of errors`,
    'Pictures both get wrong over pictures either gets wrong, %. Low: different mistakes, which an ensemble can mend.',
    errorOverlapMatrix(test),
  )}${lists}<details><summary>Accuracy of each class</summary>${tableMarkup(classes, `${data}: accuracy of each class`)}</details><details><summary>Every pair of methods</summary>${tableMarkup(comparisonTable(test), `${data}: every pair of methods`)}</details>`;
}

export function mistakesSection({ predictions = [] }: StudyRecords): ReportSection | undefined {
  const sets = predictions.filter((p) => p.test.length > 1);
  if (sets.length === 0) return undefined;
  const [best, any] = oracleTable(sets[0]!.test).rows;
  return {
    id: 'mistakes',
    short: 'Mistakes',
    title: 'Do methods make different mistakes?',
    finding: `On ${sets[0]!.data}, some method is right on ${percent(any![1] as number)} % of the pictures, the best alone on ${percent(best![1] as number)} %.`,
    body: sets.map(mistakes),
  };
}

export function ensemblesSection({ predictions = [] }: StudyRecords): ReportSection | undefined {
  const sets = predictions.filter((p) => p.test.length > 1);
  if (sets.length === 0) return undefined;
  const tables = sets.map(({ data, test, validation }) => ({ data, table: ensembleTable(test, validation) }));
  const rows = tables.flatMap(({ data, table }) =>
    toObjects(table)
      .slice(1)
      .map((r) => ({
        label: `${tables.length > 1 ? `${data}: ` : ''}${String(r.ensemble).split(':')[0]}`,
        gain: r.gain as number,
        interval: [r.low as number, r.high as number] as const,
      })),
  );
  const helped = rows.filter(({ interval }) => interval[0] > 0).length;
  const hurt = rows.filter(({ interval }) => interval[1] < 0).length;
  const finding =
    helped + hurt === 0
      ? 'No ensemble can be told from the best single method.'
      : `Of ${rows.length} ensembles ${helped} are better than the best single method by more than chance${hurt > 0 ? `, ${hurt} worse` : ''}.`;
  return {
    id: 'ensembles',
    short: 'Ensembles',
    title: 'Do ensembles help?',
    finding,
    body: [
      figureMarkup({
        id: 'ensembles-gain',
        title: 'Gain of ensembles over the best single method',
        description: finding,
        caption: `${finding} Bars: 95 % intervals, pictures resampled in pairs.`,
        draw: (width) =>
          dotPlot(
            {
              series: ['gain'],
              axis: 'points over the best single method',
              differences: true,
              rows: rows.map(({ label, gain, interval }) => ({ label, values: [gain], interval })),
            },
            width,
          ),
      }),
      tables.map(({ data, table }) => markup`<h3>${data}</h3>${tableMarkup(table, `${data}: ensembles`)}`),
    ],
    tables: tables.map(({ data, table }) => ({
      caption: `Ensembles on ${data}.`,
      table,
      columns: ['ensemble', 'members', 'top1', 'gain', 'low', 'high'],
    })),
  };
}

export function gallerySection({ gallery = [], predictions = [] }: StudyRecords): ReportSection | undefined {
  const lists = predictions
    .filter((p) => p.test.length > 1)
    .map((p) => ({ data: p.data, table: onlyOneRight(p.test) }));
  if (gallery.length === 0 && lists.every(({ table }) => table.rows.length === 0)) return undefined;
  return {
    id: 'gallery',
    short: 'Gallery',
    title: 'Pictures that only one method gets right',
    body: [
      gallery.length > 0 &&
        markup`<ul class="gallery">${gallery.map((g) => markup`<li><img src="${g.image}" alt="${g.name}"><span>${together(g.caption)}</span></li>`)}</ul>`,
      lists
        .filter(({ table }) => table.rows.length > 0)
        .map(
          ({ data, table }) =>
            markup`<details><summary>${data}: ${table.rows.length} pictures</summary>${tableMarkup(table, `${data}: only one method right`)}</details>`,
        ),
    ],
  };
}
