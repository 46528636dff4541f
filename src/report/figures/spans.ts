// One line a method: the middle 80 % of a distribution as a bar, its median as a tick, its mean as a dot.

import { mean } from '../../analysis/collect.ts';
import { quantileSorted } from '../../analysis/statistics/bootstrap.ts';
import { colour, type Drawing, tip } from '../figure.ts';
import { markup } from '../markup.ts';
import { linearScale } from '../scale.ts';
import { percentTick, xAxis } from './axes.ts';

export interface SpanRow {
  readonly label: string;
  readonly values: readonly number[];
}

export function spans(rows: readonly SpanRow[], axis: string, width: number): Drawing {
  const labels = 14 + 7 * Math.max(...rows.map((r) => r.label.length));
  const line = 25;
  const frame = { left: labels, right: width - 14, top: 12, bottom: 12 + line * rows.length };
  const measured = rows.map(({ label, values }) => {
    const sorted = values.toSorted((a, b) => a - b);
    const [low, middle, high] = [0.1, 0.5, 0.9].map((q) => quantileSorted(sorted, q));
    return { label, low: low!, middle: middle!, high: high!, mean: mean(values) };
  });
  const x = linearScale(
    Math.min(0, ...measured.map((m) => m.low)),
    Math.max(...measured.map((m) => m.high)),
    frame.left + 8,
    frame.right,
    width > 500 ? 8 : 4,
  );
  const drawn = measured.map((m, i) => {
    const y = frame.top + line * (i + 0.5);
    const words = `${m.label}: median ${percentTick(m.middle)}, mean ${percentTick(m.mean)}, middle 80 % from ${percentTick(m.low)} to ${percentTick(m.high)}`;
    return markup`<g>${tip(words)}<text class="label" x="${labels - 8}" y="${y + 4}" text-anchor="end">${m.label}</text><rect class="span" x="${x(m.low)}" y="${y - 6}" width="${Math.max(1, x(m.high) - x(m.low))}" height="12" rx="2" style="fill:${colour(0)}"/><line class="median" x1="${x(m.middle)}" x2="${x(m.middle)}" y1="${y - 9}" y2="${y + 9}"/><circle cx="${x(m.mean)}" cy="${y}" r="4.5" style="fill:${colour(1)}"/></g>`;
  });
  return { height: frame.bottom + 46, marks: [xAxis(x, frame, axis, percentTick), drawn] };
}
