// CSV as RFC 4180 has it, for spreadsheets.

type Cell = string | number | boolean;

function encodeCell(cell: Cell): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function encodeCsv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(encodeCell).join(',')}\r\n`).join('');
}
