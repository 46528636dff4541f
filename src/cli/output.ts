// What the command line prints: short forms of numbers, and tables.
import Table from 'cli-table3';
import { type Table as Analysis, formatCell } from '../analysis/table.ts';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export function count(n: number): string {
  if (n >= 1e6) return `${(n / 1e6).toFixed(n >= 1e7 ? 1 : 2)} M`;
  return n >= 1e4 ? `${(n / 1e3).toFixed(1)} k` : String(n);
}

export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const s = Math.round(seconds);
  if (s < 90) return seconds < 10 ? `${seconds.toFixed(1)} s` : `${s} s`;
  const minutes = Math.floor(s / 60);
  return minutes < 90 ? `${minutes} min ${s % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const bytes = (n: number): string => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.round(n / 1e6)} MB`);

/** A table without a frame: header, rows, columns aligned. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const none = {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  };
  const out = new Table({
    head: [...header],
    chars: none,
    colAligns: header.map((_, i) => (right.includes(i) ? 'right' : 'left')),
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) out.push([...row]);
  return out.toString();
}

/** One line of JSON on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** An analysis' table: headings, numbers in their units and to the right. */
export function printTable({ columns, rows }: Analysis): string {
  return table(
    columns.map((c) => c.title),
    rows.map((row) => row.map((cell, i) => formatCell(cell, columns[i]!.unit))),
    columns.flatMap((c, i) => (c.unit === 'text' ? [] : [i])),
  );
}
