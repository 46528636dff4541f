// One line a method, one mark a series (shape and colour), a bar for an interval. Labels that are too long for a column of their
// own stand above their lines.
import { colour, type Drawing, shape, tip } from '../figure.ts';
import { markup } from '../markup.ts';
import { linearScale } from '../scale.ts';
import { percentTick, xAxis } from './axes.ts';

export interface DotRow {
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Interval around the first value. */
  readonly interval?: readonly [low: number, high: number];
  readonly highlight?: boolean;
}

export interface DotPlot {
  readonly series: readonly string[];
  readonly rows: readonly DotRow[];
  readonly axis: string;
  /** Signed ticks and a line at zero: differences rather than accuracies. */
  readonly differences?: boolean;
}

export function dotPlot({ series, rows, axis, differences = false }: DotPlot, width: number): Drawing {
  const wanted = 14 + 7 * Math.max(...rows.map((r) => r.label.length));
  const above = wanted > width * 0.36;
  const labels = above ? 6 : wanted;
  const line = above ? 42 : 25;
  const top = series.length > 1 ? 22 + Math.max(...legendPlaces(series, labels, width).map(([, ly]) => ly)) : 10;
  const frame = { left: labels, right: width - 14, top, bottom: top + line * rows.length };
  const all = rows.flatMap((r) => [
    ...r.values.filter((v) => v !== null),
    ...(r.interval ?? []),
    ...(differences ? [0] : []),
  ]);
  const x = linearScale(Math.min(...all), Math.max(...all), frame.left + 8, frame.right, width > 500 ? 8 : 4);
  const format = (t: number): string => `${differences && t > 0 ? '+' : ''}${percentTick(t).replace('-', '−')}`;
  const lines = rows.map((row, i) => {
    const y = frame.top + line * (i + (above ? 0.72 : 0.5));
    const known = row.values.filter((v) => v !== null);
    const marks = row.values.map(
      (v, s) =>
        v !== null &&
        markup`<g style="fill:${colour(s)}" ${s === 0 ? markup`class="first"` : ''}>${tip(`${row.label}, ${series[s]}: ${format(v)}`)}${shape(s, x(v), y, s === 0 ? 5.5 : 4.5)}</g>`,
    );
    const bar = row.interval
      ? markup`<line class="interval" x1="${x(row.interval[0])}" x2="${x(row.interval[1])}" y1="${y}" y2="${y}"/>`
      : known.length > 1 &&
        markup`<line class="range" x1="${x(Math.min(...known))}" x2="${x(Math.max(...known))}" y1="${y}" y2="${y}"/>`;
    return markup`<g><text class="${row.highlight ? 'label strong halo' : 'label halo'}" x="${above ? 0 : labels - 8}" y="${above ? y - 13 : y + 4}" text-anchor="${above ? 'start' : 'end'}">${row.label}</text>${bar}${[...marks].reverse()}</g>`;
  });
  const legend =
    series.length > 1 &&
    legendPlaces(series, labels, width).map(
      ([lx, ly], s) =>
        markup`<g style="fill:${colour(s)}">${shape(s, lx, ly, 5)}</g><text class="label" x="${lx + 10}" y="${ly + 4}">${series[s]}</text>`,
    );
  const zero =
    differences && markup`<line class="zero" x1="${x(0)}" x2="${x(0)}" y1="${frame.top}" y2="${frame.bottom}"/>`;
  return { height: frame.bottom + 46, marks: [legend, xAxis(x, frame, axis, format), zero, lines] };
}

/** Left to right from `start`, on a new line where one is full. */
function legendPlaces(series: readonly string[], start: number, width: number): (readonly [x: number, y: number])[] {
  let [x, y] = [start + 6, 10];
  return series.map((name) => {
    const wide = 26 + 7 * name.length;
    if (x + wide > width && x > start + 6) [x, y] = [start + 6, y + 19];
    const place = [x, y] as const;
    x += wide;
    return place;
  });
}
