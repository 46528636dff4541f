// An analysis' table as HTML: a row heading a row, numbers to the right, wide ones scroll inside a focusable region.
import { formatCell, type Table } from '../analysis/table.ts';
import { type Markup, markup } from './markup.ts';

/** Rows beyond this are left out with a note: a report is to be read, JSON and CSV have all of them. */
const mostRows = 400;

export function tableMarkup(table: Table, label: string): Markup {
  const { columns, rows } = table;
  const numeric = columns.map((c) => c.unit !== 'text');
  const wide = columns.map((_, i) => rows.some((row) => typeof row[i] === 'string' && row[i].length > 28));
  const head = columns.map((c, i) => markup`<th scope="col" class="${numeric[i] ? 'n' : 't'}">${c.title}</th>`);
  const body = rows.slice(0, mostRows).map((row) => {
    const cells = row.map((cell, i) => {
      const text = formatCell(cell, columns[i]!.unit);
      return i === 0
        ? markup`<th scope="row" class="${wide[0] ? 'w' : 't'}">${text}</th>`
        : markup`<td class="${numeric[i] ? 'n' : wide[i] ? 'w' : 't'}">${text}</td>`;
    });
    return markup`<tr>${cells}</tr>`;
  });
  const left = rows.length - mostRows;
  return markup`<div class="scroll" role="region" tabindex="0" aria-label="${label}: table"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>${
    left > 0 && markup`<p class="note">${left} more rows are in the JSON and CSV files.</p>`
  }`;
}
