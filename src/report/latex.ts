// An analysis' table for a paper: booktabs, numbers in their units, best of a column in bold.
import { type Column, formatCell, type Table } from '../analysis/table.ts';

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '−': '$-$',
  '–': '--',
};

/** Text with LaTeX's special characters escaped. */
export const escapeLatex = (text: string): string => text.replace(/[\\~^−–]|[&%$#_{}]/g, (c) => special[c] ?? `\\${c}`);

/** Larger is better in these units; others get no bold. */
const ranked = (column: Column): boolean => column.unit === 'share';

export interface LatexOptions {
  readonly caption: string;
  /** For \ref. */
  readonly label: string;
  /** Column names to keep, in this order; all where left out. */
  readonly columns?: readonly string[];
}

/** A table environment that needs \usepackage{booktabs}. */
export function latexTable(table: Table, { caption, label, columns }: LatexOptions): string {
  const kept = (columns ?? table.columns.map((c) => c.name)).flatMap((name) => {
    const at = table.columns.findIndex((c) => c.name === name);
    return at < 0 ? [] : [at];
  });
  const best = kept.map((at) =>
    ranked(table.columns[at]!)
      ? Math.max(...table.rows.map((row) => (typeof row[at] === 'number' ? row[at] : Number.NEGATIVE_INFINITY)))
      : undefined,
  );
  const body = table.rows.map((row) =>
    kept
      .map((at, i) => {
        const text = escapeLatex(formatCell(row[at] ?? null, table.columns[at]!.unit));
        return row[at] === best[i] ? `\\textbf{${text}}` : text;
      })
      .join(' & '),
  );
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${escapeLatex(caption)}}`,
    `\\label{${label}}`,
    `\\begin{tabular}{${kept.map((at) => (table.columns[at]!.unit === 'text' ? 'l' : 'r')).join('')}}`,
    '\\toprule',
    `${kept.map((at) => escapeLatex(table.columns[at]!.title)).join(' & ')} \\\\`,
    '\\midrule',
    ...body.map((line) => `${line} \\\\`),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
  ].join('\n');
}
