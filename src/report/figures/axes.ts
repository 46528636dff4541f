// Axes shared by the charts: light grid lines, tick labels, a title.
import { type Markup, markup } from '../markup.ts';
import type { Scale } from '../scale.ts';

export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function xAxis(scale: Scale, frame: Frame, title: string, format: (tick: number) => string): Markup {
  const ticks = scale.ticks.map((t) => {
    const x = scale(t);
    return markup`<line class="grid" x1="${x}" x2="${x}" y1="${frame.top}" y2="${frame.bottom}"/><text class="tick" x="${x}" y="${frame.bottom + 16}" text-anchor="middle">${format(t)}</text>`;
  });
  return markup`<g aria-hidden="true">${ticks}<text class="axis" x="${(frame.left + frame.right) / 2}" y="${frame.bottom + 36}" text-anchor="middle">${title}</text></g>`;
}

/** The title stands above the axis, upright: it's read without tilting the head. */
export function yAxis(scale: Scale, frame: Frame, title: string, format: (tick: number) => string): Markup {
  const ticks = scale.ticks.map((t) => {
    const y = scale(t);
    return markup`<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/><text class="tick" x="${frame.left - 7}" y="${y + 4}" text-anchor="end">${format(t)}</text>`;
  });
  return markup`<g aria-hidden="true">${ticks}<text class="axis" x="${frame.left - 30}" y="${frame.top - 12}">${title}</text></g>`;
}

/** A share as a percentage for a tick. */
export const percentTick = (share: number): string => String(Math.round(share * 1000) / 10);

/** Seconds that people count in, and how a tick writes them. */
export const roundSeconds: readonly number[] = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 20],
  ...[0.5, 1, 2, 5, 10, 20].map((minutes) => 60 * minutes),
  ...[0.5, 1, 2, 5, 10, 24, 48, 120, 240].map((hours) => 3600 * hours),
];
export const secondsTick = (s: number): string => (s < 60 ? `${s} s` : s < 3600 ? `${s / 60} min` : `${s / 3600} h`);

/** 1000 -> 1k, 1000000 -> 1M. */
export function countTick(n: number): string {
  const short = (x: number): string => String(Number(x.toPrecision(3)));
  return n >= 1e6 ? `${short(n / 1e6)}M` : n >= 1e3 ? `${short(n / 1e3)}k` : short(n);
}
