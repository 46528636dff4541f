// Results of studies as tables: for a terminal, as CSV, as LaTeX.
import { encodeCsv } from '../../formats/csv.ts';
import type { FinalResult, Summary } from '../../study/results.ts';
import { count, table } from '../output.ts';

const points = (share: number): string => (100 * share).toFixed(1);
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
    `${points(s.mean)} ± ${points(s.halfWidth)}`,
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
  return `${table(first, rows, [3, 4, 5, 6].map((i) => i + shift))}\n\n${notes.join('\n')}`; // biome-ignore format: one line
}

export function resultsCsv(results: readonly FinalResult[]): string {
  const header = ['study', 'model', 'data', 'method', 'seed', 'top1', 'top5', 'mean_class_accuracy', 'loss', 'ece', 'pictures', 'parameters', 'seconds', 'tried', 'tied', 'params', 'trial']; // biome-ignore format: one line
  const rows = results.map((r) => [r.study, r.model, r.data, r.method, r.seed, r.top1, r.top5, r.meanClassAccuracy, r.loss, r.ece, r.pictures, r.parameters, r.seconds, r.tried, r.tied, JSON.stringify(r.params), r.trial]); // biome-ignore format: one line
  return encodeCsv([header, ...rows]);
}

const escapeLatex = (text: string): string =>
  text.replaceAll('\\', '\\textbackslash{}').replaceAll(/[&%$#_{}]/g, (c) => (c === '{' || c === '}' ? c : `\\${c}`));

/** Methods down, data sets across, one table a model. */
export function resultsLatex(summaries: readonly Summary[]): string {
  return distinct(summaries.map(({ model }) => model))
    .map((model) => {
      const own = summaries.filter((s) => s.model === model);
      const sets = distinct(own.map(({ data }) => data));
      const cell = (method: string, data: string) => {
        const s = own.find((x) => x.method === method && x.data === data);
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
