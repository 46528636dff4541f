// A matrix of shares: one hue, stronger is more, so it survives grey and colour blindness; numbers where they fit.
import { type Drawing, tip } from '../figure.ts';
import { markup } from '../markup.ts';

export interface HeatMap {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** (rows, columns); null = not measured. */
  readonly values: readonly (readonly (number | null)[])[];
  /** Values from `low` (no colour) to `high` (full colour). */
  readonly low: number;
  readonly high: number;
  readonly format: (value: number) => string;
}

/** From this strength the text changes colour: where both have the same contrast, in light and in dark. */
const onColour = 0.8;

export function heatMap({ rows, columns, values, low, high, format }: HeatMap, width: number): Drawing {
  const narrow = width < 500;
  const labels = Math.min(narrow ? 104 : 150, 12 + 7 * Math.max(...rows.map((r) => r.length)));
  const longest = Math.max(...columns.map((c) => c.length));
  const top = Math.min(130, 16 + 5.2 * longest);
  const cell = Math.min(64, (width - labels - 34) / columns.length);
  const tall = Math.min(Math.max(cell * 0.62, 20), 30);
  const most = Math.floor((labels - 8) / 6.4);
  const cut = (text: string): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const heads = columns.map(
    (c, j) =>
      markup`<text class="label" transform="translate(${labels + cell * (j + 0.5) + 4} ${top - 7}) rotate(-50)">${c}</text>`,
  );
  const body = values.map((row, i) => {
    const y = top + tall * i;
    const cells = row.map((value, j) => {
      const x = labels + cell * j;
      if (value === null)
        return markup`<text class="small" x="${x + cell / 2}" y="${y + tall / 2 + 4}" text-anchor="middle">–</text>`;
      const share = Math.min(1, Math.max(0, (value - low) / (high - low || 1)));
      return markup`<g><rect class="heat" x="${x + 0.5}" y="${y + 0.5}" width="${cell - 1}" height="${tall - 1}" style="fill-opacity:${share}">${tip(`${rows[i]}, ${columns[j]}: ${format(value)}`)}</rect>${
        cell >= 23 &&
        markup`<text class="${share > onColour ? 'cell on' : 'cell'}" x="${x + cell / 2}" y="${y + tall / 2 + 4}" text-anchor="middle">${format(value)}</text>`
      }</g>`;
    });
    return markup`<text class="label" x="${labels - 8}" y="${y + tall / 2 + 4}" text-anchor="end">${cut(rows[i]!)}</text>${cells}`;
  });
  return { height: top + tall * rows.length + 4, marks: [heads, body] };
}
