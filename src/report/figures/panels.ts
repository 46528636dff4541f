// Small multiples: one panel a curve, the other curves grey behind it, so that a bundle can be read one by one.
import { colour, type Drawing, tip } from '../figure.ts';
import { type Markup, markup } from '../markup.ts';
import { linearScale } from '../scale.ts';
import { percentTick } from './axes.ts';

export interface PanelCurve {
  readonly label: string;
  /** Below the label, e.g. what the curve gains. */
  readonly note: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** What to say of each point on hover. */
  readonly tips: readonly string[];
}

export interface Panels {
  readonly curves: readonly PanelCurve[];
  readonly xTitle: string;
  readonly yTitle: string;
}

export function panels({ curves, xTitle, yTitle }: Panels, width: number): Drawing {
  const columns = width < 500 ? 2 : 3;
  const gap = width < 500 ? 14 : 22;
  const left = 30;
  const panel = (width - left - gap * (columns - 1)) / columns;
  const tall = panel * (width < 500 ? 0.95 : 0.72);
  const step = tall + 62;
  const xs = curves.flatMap((c) => c.points.map(([px]) => px));
  const ys = curves.flatMap((c) => c.points.map(([, py]) => py));
  const x = linearScale(Math.min(...xs), Math.max(...xs), 0, panel, width < 500 ? 2 : 4);
  const y = linearScale(Math.min(...ys), Math.max(...ys), tall, 0, 4);
  const path = (points: PanelCurve['points']): Markup =>
    markup`M${points.map(([px, py], i) => markup`${i > 0 && 'L'}${x(px)} ${y(py)}`)}`;
  const drawn = curves.map((curve, i) => {
    const column = i % columns;
    const bottomRow = i + columns >= curves.length;
    const grid = markup`<g aria-hidden="true">${x.ticks.map((t) => markup`<line class="grid" x1="${x(t)}" x2="${x(t)}" y1="0" y2="${tall}"/>${bottomRow && markup`<text class="tick" x="${x(t)}" y="${tall + 15}" text-anchor="${t === x.ticks[0] ? 'start' : t === x.ticks.at(-1) ? 'end' : 'middle'}">${percentTick(t)}</text>`}`)}${y.ticks.map((t) => markup`<line class="grid" x1="0" x2="${panel}" y1="${y(t)}" y2="${y(t)}"/>${column === 0 && markup`<text class="tick" x="-6" y="${y(t) + 4}" text-anchor="end">${percentTick(t)}</text>`}`)}</g>`;
    const behind = curves.map((other) => other !== curve && markup`<path class="ghost" d="${path(other.points)}"/>`);
    const dots = curve.points.map(([px, py], k) => {
      const end = k === 0 || k === curve.points.length - 1;
      return markup`<circle cx="${x(px)}" cy="${y(py)}" r="${end ? 4.5 : 2.8}" style="${k === 0 ? 'fill:var(--card);stroke:var(--c0);stroke-width:2' : `fill:${colour(0)}`}">${tip(`${curve.label}, ${curve.tips[k]}: ${percentTick(px)}, ${percentTick(py)}`)}</circle>`;
    });
    return markup`<g transform="translate(${left + column * (panel + gap)} ${Math.floor(i / columns) * step + 58})"><text class="label strong" x="0" y="-25">${curve.label}</text><text class="small" x="0" y="-10">${curve.note}</text>${grid}${behind}<path class="curve strong" style="stroke:${colour(0)}" d="${path(curve.points)}"/>${dots}</g>`;
  });
  const height = Math.ceil(curves.length / columns) * step + 34;
  return {
    height,
    marks: [
      markup`<g aria-hidden="true"><text class="axis" x="0" y="12">↑ ${yTitle}</text><text class="axis" x="${width}" y="${height - 6}" text-anchor="end">${xTitle} →</text></g>`,
      drawn,
    ],
  };
}
