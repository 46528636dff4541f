// Results of studies as tables: for a terminal, as CSV, as LaTeX.
import { encodeCsv } from '../../formats/csv.ts';
import { escapeLatex } from '../../report/latex.ts';
import type { FinalResult, Interval, Summary } from '../../study/results.ts';
import { count, table } from '../output.ts';

const points = (share: number): string => (100 * share).toFixed(1);
const showInterval = ({ mean, halfWidth }: Interval): string => `${points(mean)} ± ${points(halfWidth)}`;
const showValue = (value: unknown): string => (Array.isArray(value) ? value.join('+') : String(value));
const showParams = (params: Readonly<Record<string, unknown>>): string =>
  Object.entries(params)
    .map(([name, value]) => `${name} ${showValue(value)}`)
    .join(', ');
const distinct = (values: readonly string[]): string[] => [...new Set(values)];

/** `published`: accuracy of others on the same data by the same method, in percent, where there is any. */
export function resultsTable(summaries: readonly Summary[], published?: (summary: Summary) => string): string {
  const several = distinct(summaries.map(({ study }) => study)).length > 1;
  const rows = summaries.map((s) => [
    ...(several ? [s.study] : []),
    s.model,
    s.data,
    s.method,
    showInterval(s),
    String(s.seeds.length),
    count(s.parameters),
    `${s.tied}/${s.tried}`,
    ...(published ? [published(s)] : []),
    showParams(s.params),
  ]);
  const header = [
    'model',
    'data',
    'method',
    'test top-1 %',
    'seeds',
    'parameters',
    'tied',
    ...(published ? ['imported %'] : []),
    'chosen',
  ];
  const first = several ? ['study', ...header] : header;
  const shift = first.length - header.length;
  const notes = [
    '± is half of the 95 % interval: over seeds (Student), or over test pictures where there is one seed.',
    'tied: grid points that validation can not tell from the best one, of those tried.',
  ];
  const shifts = shiftsTable(summaries);
  const tables = [
    table(
      first,
      rows,
      [3, 4, 5, 6].map((i) => i + shift),
    ),
    ...(shifts === undefined ? [] : [shifts]),
  ];
  return `${tables.join('\n\n')}\n\n${notes.join('\n')}`;
}

/** Accuracy on the shifted test sets, one column each; undefined where there are none. */
function shiftsTable(summaries: readonly Summary[]): string | undefined {
  const sets = distinct(summaries.flatMap(({ shifts }) => Object.keys(shifts)));
  if (sets.length === 0) return undefined;
  const shown = summaries.filter(({ shifts }) => Object.keys(shifts).length > 0);
  const rows = shown.map((s) => [
    s.model,
    s.data,
    s.method,
    ...sets.map((set) => (s.shifts[set] ? showInterval(s.shifts[set]) : '')),
  ]);
  return table(
    ['model', 'data', 'method', ...sets.map((set) => `${set} %`)],
    rows,
    sets.map((_, i) => i + 3),
  );
}

/** One row a test set of each final run. */
export function resultsCsv(results: readonly FinalResult[]): string {
  const header = [
    'study',
    'model',
    'data',
    'method',
    'seed',
    'test_set',
    'top1',
    'top5',
    'mean_class_accuracy',
    'loss',
    'ece',
    'pictures',
    'parameters',
    'seconds',
    'memory_bytes',
    'tried',
    'tied',
    'params',
    'trial',
  ];
  const rows = results.flatMap((r) =>
    Object.entries(r.tests).map(([set, m]) => [
      r.study,
      r.model,
      r.data,
      r.method,
      r.seed,
      set,
      m.top1,
      m.top5,
      m.meanClassAccuracy,
      m.loss,
      m.ece,
      m.pictures,
      r.parameters,
      r.seconds,
      r.memory ?? '',
      r.tried,
      r.tied,
      JSON.stringify(r.params),
      r.trial,
    ]),
  );
  return encodeCsv([header, ...rows]);
}

/** Data and what was reached on them, a shifted test set as data of its own. */
const columnsOf = ({ data, shifts, ...own }: Summary): [string, Interval][] => [
  [data, own],
  ...Object.entries(shifts).map(([set, reached]): [string, Interval] => [`${data}: ${set}`, reached]),
];

/** Methods down, data sets and their shifted test sets across, one table a model. */
export function resultsLatex(summaries: readonly Summary[]): string {
  return distinct(summaries.map(({ model }) => model))
    .map((model) => {
      const own = summaries.filter((s) => s.model === model);
      const sets = distinct(own.flatMap((summary) => columnsOf(summary).map(([set]) => set)));
      const cell = (method: string, wanted: string) => {
        const reached = own.filter((x) => x.method === method).flatMap(columnsOf);
        const s = reached.find(([set]) => set === wanted)?.[1];
        return s ? `$${points(s.mean)} \\pm ${points(s.halfWidth)}$` : '--';
      };
      return [
        `% ${model}: test top-1 in %, mean and half of the 95 % interval`,
        `\\begin{tabular}{l${'r'.repeat(sets.length)}}`,
        '\\hline',
        `Method & ${sets.map(escapeLatex).join(' & ')} \\\\`,
        '\\hline',
        ...distinct(own.map(({ method }) => method)).map(
          (method) => `${escapeLatex(method)} & ${sets.map((data) => cell(method, data)).join(' & ')} \\\\`,
        ),
        '\\hline',
        '\\end{tabular}',
      ].join('\n');
    })
    .join('\n\n');
}
