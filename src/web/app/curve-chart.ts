// Curves over epochs, drawn with the report's builders: colour, mark and dash tell them apart, names stand below.
import { colour, dash, shape, tip } from '../../report/figure.ts';
import { xAxis, yAxis } from '../../report/figures/axes.ts';
import { type Markup, markup } from '../../report/markup.ts';
import { linearScale } from '../../report/scale.ts';

export interface EpochCurve {
  readonly label: string;
  /** (epochs,): value after each epoch from the first. */
  readonly values: readonly (readonly [epoch: number, value: number])[];
}

export interface EpochChart {
  readonly title: string;
  readonly curves: readonly EpochCurve[];
  readonly format: (value: number) => string;
}

/** Marks are left out where they would touch. */
const mostMarks = 40;

export function epochChart({ title, curves, format }: EpochChart, width: number): Markup | undefined {
  const points = curves.flatMap(({ values }) => values.filter(([, y]) => Number.isFinite(y)));
  if (points.length === 0) return undefined;
  const height = 260;
  const frame = { left: 52, right: width - 14, top: 34, bottom: height - 44 };
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const last = Math.max(2, ...xs);
  const x = linearScale(1, last, frame.left, frame.right, Math.min(8, last));
  const y = linearScale(Math.min(...ys), Math.max(...ys), frame.bottom, frame.top, 5);
  const drawn = curves.map(({ label, values }, i) => {
    const known = values.filter(([, value]) => Number.isFinite(value));
    const line = known.map(([px, py], k) => markup`${k > 0 && 'L'}${x(px)} ${y(py)}`);
    const marks =
      known.length <= mostMarks &&
      known.map(
        ([px, py]) =>
          markup`<g style="fill:${colour(i)}">${tip(`${label}, epoch ${px}: ${format(py)}`)}${shape(i, x(px), y(py), 3)}</g>`,
      );
    return markup`${known.length > 0 && markup`<path class="curve" style="stroke:${colour(i)};stroke-dasharray:${dash(i >> 3)}" d="M${line}"/>`}${marks}`;
  });
  const whole = Object.assign((epoch: number) => x(epoch), { ticks: x.ticks.filter(Number.isInteger) });
  return markup`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}, ${curves.length} curves">${xAxis(whole, frame, 'epoch', String)}${yAxis(y, frame, title, format)}${drawn}</svg>`;
}

/** The curve's mark, for a list of names. */
export const curveKey = (i: number): Markup =>
  markup`<svg viewBox="0 0 16 16" aria-hidden="true" style="fill:${colour(i)}">${shape(i, 8, 8, 5)}</svg>`;
