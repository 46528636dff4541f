// The form every analysis returns: columns with a unit and rows of plain cells, ready for JSON, CSV, HTML and LaTeX.

/** null = not measured, or undefined there (e.g. the recall of a class without pictures). */
export type Cell = string | number | boolean | null;

/** How a column's numbers are meant: 'share' is in [0, 1], 'points' a signed difference of shares, 'spread' one
 * without sign, 'p' a probability. */
export type Unit = 'text' | 'share' | 'points' | 'spread' | 'p' | 'count' | 'number' | 'seconds' | 'bytes';

export interface Column {
  /** Key in JSON, heading in CSV. */
  readonly name: string;
  /** Heading for people. */
  readonly title: string;
  readonly unit: Unit;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export const column = (name: string, title: string, unit: Unit): Column => ({ name, title, unit });

/** One object a row, keyed by column name. */
export function toObjects(table: Table): Record<string, Cell>[] {
  return table.rows.map((row) => Object.fromEntries(table.columns.map(({ name }, i) => [name, row[i] ?? null])));
}

/** Heading and rows for a CSV writer; null becomes an empty cell. */
export function toCsvRows(table: Table): (string | number | boolean)[][] {
  return [table.columns.map(({ name }) => name), ...table.rows.map((row) => row.map((cell) => cell ?? ''))];
}

/** A cell as people read it: shares and points in percent with two decimals, everything else short. */
export function formatCell(cell: Cell, unit: Unit): string {
  if (cell === null) return '–';
  if (typeof cell === 'boolean') return cell ? 'yes' : 'no';
  if (typeof cell !== 'number') return cell;
  if (Number.isNaN(cell)) return '–';
  switch (unit) {
    case 'share':
    case 'spread':
      return (100 * cell).toFixed(2);
    case 'points':
      return `${cell > 0 ? '+' : cell < 0 ? '−' : ''}${Math.abs(100 * cell).toFixed(2)}`;
    case 'p':
      return cell < 0.001 ? '< 0.001' : cell.toFixed(3);
    case 'count':
      return shortCount(cell);
    case 'seconds':
      return cell < 90 ? `${cell.toFixed(cell < 10 ? 1 : 0)} s` : `${(cell / 60).toFixed(cell < 6000 ? 1 : 0)} min`;
    case 'bytes':
      return cell >= 1e9 ? `${(cell / 1e9).toFixed(2)} GB` : `${(cell / 1e6).toFixed(0)} MB`;
    default:
      return cell.toFixed(2);
  }
}

function shortCount(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toFixed(n >= 1e7 ? 1 : 2)} M`;
  return n >= 1e4 ? `${(n / 1e3).toFixed(1)} k` : String(n);
}
