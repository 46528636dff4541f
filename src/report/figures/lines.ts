// Curves over a logarithmic axis with their names at their ends; colour, marks and dashes each tell them apart.
import { colour, type Drawing, dash, shape, tip } from '../figure.ts';
import { markup } from '../markup.ts';
import { linearScale, logScale, spread } from '../scale.ts';
import { countTick, percentTick, xAxis, yAxis } from './axes.ts';

export interface Curve {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly highlight?: boolean;
}

export interface LineChart {
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly yTitle: string;
}

/** Ticks are where the curves have points: every x of the data, and no other. */
export function lineChart({ curves, xTitle, yTitle }: LineChart, width: number): Drawing {
  const height = width < 500 ? 360 : 420;
  const names = Math.max(...curves.map((c) => c.label.length)) * 7 + 18;
  const frame = { left: 40, right: width - names, top: 34, bottom: height - 44 };
  const xs = [...new Set(curves.flatMap((c) => c.points.map(([px]) => px)))].sort((a, b) => a - b);
  const ys = curves.flatMap((c) => c.points.map(([, py]) => py));
  const x = Object.assign(logScale(xs[0]! / 1.2, xs.at(-1)! * 1.1, frame.left, frame.right), { ticks: xs });
  const y = linearScale(Math.min(...ys), Math.max(...ys), frame.bottom, frame.top, 6);
  const ends = spread(
    curves.map((c) => y(c.points.at(-1)![1])),
    14,
    frame.top,
    frame.bottom,
  );
  const drawn = curves.map((curve, i) => {
    const at = curve.points.map(([px, py]) => [x(px), y(py)] as const);
    const [ex, ey] = at.at(-1)!;
    const knots = at.map(
      ([px, py], k) =>
        markup`<g style="fill:${colour(i)}">${tip(`${curve.label}: ${countTick(curve.points[k]![0])}, ${percentTick(curve.points[k]![1])}`)}${shape(i, px, py, 4)}</g>`,
    );
    return markup`<path class="${curve.highlight ? 'curve strong' : 'curve'}" style="stroke:${colour(i)};stroke-dasharray:${dash(i >> 3)}" d="M${at.map(([px, py], k) => markup`${k > 0 && 'L'}${px} ${py}`)}"/>${knots}<path class="pointer" d="M${ex + 5} ${ey}L${frame.right + 8} ${ends[i]!}"/><text class="${curve.highlight ? 'label strong' : 'label'}" style="fill:${colour(i)}" x="${frame.right + 11}" y="${ends[i]! + 4}">${curve.label}</text>`;
  });
  return {
    height,
    marks: [xAxis(x, frame, xTitle, countTick), yAxis(y, frame, yTitle, percentTick), drawn],
  };
}
