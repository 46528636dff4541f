// Growth as curves: two panels, time a picture and peak memory, a line for each axis; both scales are logarithmic, so that a
// straight line is a power and its slope the exponent. x is relative to the axis's own smallest value.
import { logScale } from '../../src/report/scale.ts';
import type { Point } from '../growth.ts';

const colours = ['#0067a5', '#c44b00', '#00795a', '#a8447c'];
const [width, height, gap] = [360, 300, 60];
const margin = { left: 60, top: 40, bottom: 50 };

interface Panel {
  readonly title: string;
  readonly value: (point: Point) => number;
  readonly tick: (value: number) => string;
}

const panels: readonly Panel[] = [
  { title: 'ms a picture', value: (p) => p.millisecondsPerPicture, tick: (v) => String(Number(v.toPrecision(2))) },
  { title: 'peak memory, MB', value: (p) => p.peakBytes / 1e6, tick: (v) => String(Math.round(v)) },
];

const text = (x: number, y: number, content: string, anchor = 'middle', colour = '#59626d') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${content}</text>`;

function panel({ title, value, tick }: Panel, points: readonly Point[], left: number): string {
  const axes = [...new Set(points.map(({ axis }) => axis))];
  const smallest = new Map(
    axes.map((axis) => [axis, Math.min(...points.filter((p) => p.axis === axis).map((p) => p.x))]),
  );
  const relative = (point: Point) => point.x / smallest.get(point.axis)!;
  const [from, to, bottom] = [left + margin.left, left + margin.left + width, margin.top + height];
  const x = logScale(1, Math.max(...points.map(relative)), from, to);
  const values = points.map(value);
  const y = logScale(Math.min(...values) / 1.1, Math.max(...values) * 1.1, bottom, margin.top);
  const grid = [
    ...y.ticks.map(
      (t) =>
        `<path d="M${from} ${y(t).toFixed(1)}H${to}" stroke="#e1e4e8"/>${text(from - 6, y(t) + 4, tick(t), 'end')}`,
    ),
    ...x.ticks.map((t) => text(x(t), bottom + 18, `${t} x`)),
    text((from + to) / 2, bottom + 38, 'times the smallest'),
    text(from, margin.top - 14, title, 'start', '#1b2026'),
  ];
  const curves = axes.map((axis, i) => {
    const own = points.filter((p) => p.axis === axis).sort((a, b) => a.x - b.x);
    const at = own.map((p) => `${x(relative(p)).toFixed(1)} ${y(value(p)).toFixed(1)}`);
    const knots = own.map(
      (p) =>
        `<circle cx="${x(relative(p)).toFixed(1)}" cy="${y(value(p)).toFixed(1)}" r="3.5" fill="${colours[i]}"><title>${axis} ${p.x}: ${tick(value(p))}</title></circle>`,
    );
    const name = text(to, margin.top + 14 + 16 * i, axis, 'end', colours[i]);
    return `<path d="M${at.join('L')}" fill="none" stroke="${colours[i]}" stroke-width="2"/>${knots.join('')}${name}`;
  });
  return [...grid, ...curves].join('\n');
}

/** A whole SVG file. */
export function curves(points: readonly Point[]): string {
  const [w, h] = [2 * (margin.left + width) + gap, margin.top + height + margin.bottom];
  const drawn = panels.map((one, i) => panel(one, points, i * (margin.left + width + gap / 2)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" font-family="system-ui, sans-serif" font-size="12">
<title>Time a picture and peak memory against micro-batch, tokens, depth and trials together</title>
<rect width="${w}" height="${h}" fill="#fff"/>
${drawn.join('\n')}
</svg>
`;
}
