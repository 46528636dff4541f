// Named points, with a line through those on a front.
import { colour, type Drawing, shape, tip } from '../figure.ts';
import { markup } from '../markup.ts';
import { linearScale, logScale } from '../scale.ts';
import { countTick, percentTick, xAxis, yAxis } from './axes.ts';
import { placeLabels } from './labels.ts';

export interface ScatterPoint {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly highlight?: boolean;
}

export interface Scatter {
  readonly points: readonly ScatterPoint[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** 'log' puts points with x = 0 on a place of their own at the left. */
  readonly xKind: 'log' | 'share';
  readonly formatX?: (value: number) => string;
  /** Round values for ticks of a logarithmic axis, and how a tick is written. */
  readonly ticksX?: { readonly round: readonly number[]; readonly format: (value: number) => string };
  /** Names of the points on the front, joined by steps. */
  readonly front?: readonly string[];
}

export function scatter(spec: Scatter, width: number): Drawing {
  const { points, xTitle, yTitle, xKind, front = [], formatX, ticksX } = spec;
  const narrow = width < 500;
  const height = narrow ? 330 : 430;
  const hasZero = xKind === 'log' && points.some((p) => p.x <= 0);
  const frame = { left: 40, right: width - (narrow ? 12 : 100), top: 34, bottom: height - 44 };
  const positive = points.map((p) => p.x).filter((v) => xKind === 'share' || v > 0);
  const inner = frame.left + (hasZero ? 48 : 14);
  const x =
    xKind === 'log'
      ? logScale(Math.min(...positive) / 1.3, Math.max(...positive) * 1.3, inner, frame.right, ticksX?.round)
      : linearScale(Math.min(...positive), Math.max(...positive), inner, frame.right, narrow ? 4 : 8);
  const ys = points.map((p) => p.y);
  const y = linearScale(Math.min(...ys), Math.max(...ys), frame.bottom, frame.top, 6);
  const placed = points.map((p) => ({
    ...p,
    px: xKind === 'log' && p.x <= 0 ? frame.left + 16 : x(p.x),
    py: y(p.y),
    onFront: front.includes(p.label),
  }));
  const format = formatX ?? (xKind === 'log' ? countTick : percentTick);
  const steps = placed.filter((p) => p.onFront).sort((a, b) => a.px - b.px);
  const line =
    steps.length > 1 &&
    markup`<path class="front" d="M${steps[0]!.px} ${steps[0]!.py}${steps.slice(1).map((p) => markup`H${p.px}V${p.py}`)}"/>`;
  const zero =
    hasZero && markup`<text class="tick" x="${frame.left + 16}" y="${frame.bottom + 16}" text-anchor="middle">0</text>`;
  // On a narrow screen only the front and the highlighted are named where points are many; the table names all.
  const named = placed.filter((p) => !narrow || placed.length <= 8 || p.onFront || p.highlight);
  const places = placeLabels(
    named.map((p) => ({ x: p.px, y: p.py, text: p.label, first: p.onFront || p.highlight === true })),
    placed.map((p) => ({ x: p.px, y: p.py })),
    { left: frame.left, right: width, top: frame.top - 16, bottom: frame.bottom },
  );
  const labels = named.map((p, i) => {
    const at = places[i]!;
    return markup`${at.far && markup`<line class="pointer" x1="${p.px}" y1="${p.py}" x2="${at.x}" y2="${at.y - 4}"/>`}<text class="${p.highlight || p.onFront ? 'label strong halo' : 'label halo'}" x="${at.x}" y="${at.y}" text-anchor="${at.anchor}">${p.label}</text>`;
  });
  const marks = placed.map((p) => {
    const kind = p.highlight ? 1 : p.onFront ? 0 : 3;
    return markup`<g style="fill:${colour(kind === 3 ? 7 : kind)}">${tip(`${p.label}: ${xTitle} ${format(p.x)}, ${yTitle} ${percentTick(p.y)}`)}${shape(kind === 3 ? 0 : kind, p.px, p.py, p.onFront ? 5.5 : 4.5)}</g>`;
  });
  return {
    height,
    marks: [
      xAxis(x, frame, xTitle, ticksX?.format ?? format),
      zero,
      yAxis(y, frame, yTitle, percentTick),
      line,
      labels,
      marks,
    ],
  };
}
