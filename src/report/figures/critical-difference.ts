// The critical-difference diagram (Demsar 2006, figure 1): mean ranks on a line, methods hung to both sides, bars under
// those that can't be told apart. On a narrow screen the line stands upright instead: one row a method, bars at the right.
import type { RankAnalysis } from '../../analysis/ranks.ts';
import { type Drawing, tip } from '../figure.ts';
import { markup } from '../markup.ts';
import { linearScale } from '../scale.ts';
import { xAxis } from './axes.ts';

export function criticalDifferenceDiagram(analysis: RankAnalysis, width: number): Drawing {
  return width < 500 ? upright(analysis, width) : lying(analysis, width);
}

const inOrder = ({ ranks }: RankAnalysis): number[] => ranks.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]!);

function upright(analysis: RankAnalysis, width: number): Drawing {
  const { methods, ranks, difference, groups } = analysis;
  const order = inOrder(analysis);
  const row = 23;
  const left = 14 + 7 * Math.max(...methods.map((m) => m.length));
  const right = width - 12 - 10 * groups.length;
  const top = 30;
  const bottom = top + row * order.length;
  const scale = linearScale(1, Math.max(...ranks), left, right - 8, 5);
  const x = Object.assign((rank: number) => scale(rank), { ticks: scale.ticks.filter((t) => t >= 1) }); // there is no rank 0
  const rows = order.map((m, i) => {
    const y = top + row * (i + 0.5);
    return markup`<g>${tip(`${methods[m]}: mean rank ${ranks[m]!.toFixed(2)}`)}<text class="label" x="${left - 8}" y="${y + 4}" text-anchor="end">${methods[m]}</text><line class="range" x1="${left}" x2="${x(ranks[m]!)}" y1="${y}" y2="${y}"/><circle class="knot" cx="${x(ranks[m]!)}" cy="${y}" r="4"/></g>`;
  });
  const bars = groups.map((group, g) => {
    const places = group.map((name) => order.indexOf(methods.indexOf(name)));
    const at = right + 8 + 10 * g;
    return markup`<line class="bar" x1="${at}" x2="${at}" y1="${top + row * Math.min(...places) + 6}" y2="${top + row * (Math.max(...places) + 1) - 6}">${tip(`Not told apart: ${group.join(', ')}`)}</line>`;
  });
  const frame = { left, right, top, bottom };
  const ruler = markup`<text class="label" x="0" y="14">critical difference ${difference.toFixed(2)}</text>`;
  return { height: bottom + 46, marks: [ruler, xAxis(x, frame, 'mean rank', String), rows, bars] };
}

function lying(analysis: RankAnalysis, width: number): Drawing {
  const { methods, ranks, difference, groups } = analysis;
  const order = inOrder(analysis);
  const label = Math.max(...methods.map((m) => m.length)) * 6.6 + 44;
  const [left, right] = [label, width - label];
  const last = Math.ceil(Math.max(...ranks));
  const x = (rank: number): number => left + ((rank - 1) / (last - 1 || 1)) * (right - left);
  const top = 66;
  const bars = groups.map((group, i) => {
    const [a, b] = [group[0]!, group.at(-1)!].map((name) => ranks[methods.indexOf(name)]!);
    const y = top + 12 + 9 * i;
    return markup`<line class="bar" x1="${x(a!) - 4}" x2="${x(b!) + 4}" y1="${y}" y2="${y}">${tip(`Not told apart: ${group.join(', ')}`)}</line>`;
  });
  const firstLine = top + 26 + 9 * groups.length;
  const half = Math.ceil(order.length / 2);
  const step = 21;
  const hung = order.map((m, place) => {
    const onLeft = place < half;
    // The outermost ranks hang highest, so that no leader crosses another.
    const y = firstLine + step * (onLeft ? place : order.length - 1 - place);
    const edge = onLeft ? left - 8 : right + 8;
    return markup`<g>${tip(`${methods[m]}: mean rank ${ranks[m]!.toFixed(2)}`)}<path class="leader" d="M${x(ranks[m]!)} ${top}V${y}H${edge}"/><circle class="knot" cx="${x(ranks[m]!)}" cy="${top}" r="3"/><text class="label" x="${onLeft ? edge - 5 : edge + 5}" y="${y + 4}" text-anchor="${onLeft ? 'end' : 'start'}">${methods[m]}<tspan class="small" dx="5">${ranks[m]!.toFixed(1)}</tspan></text></g>`;
  });
  const ticks = Array.from({ length: last }, (_, i) => i + 1).map(
    (rank) =>
      markup`<line class="rule" x1="${x(rank)}" x2="${x(rank)}" y1="${top - 6}" y2="${top}"/><text class="tick" x="${x(rank)}" y="${top - 11}" text-anchor="middle">${rank}</text>`,
  );
  // With few sets it may be longer than all ranks: then it ends at the edge, without its second mark.
  const end = Math.min(x(1 + difference), width - 8);
  const words = `critical difference ${difference.toFixed(2)}`;
  const beside = end + 8 + 7 * words.length <= width;
  const ruler = markup`<g class="ruler"><path class="rule" d="M${left} 14v8M${left} 18H${end}${x(1 + difference) <= end && markup`M${end} 14v8`}"/><text class="label" x="${beside ? end + 8 : left + 6}" y="${beside ? 22 : 36}">${words}</text></g>`;
  return {
    height: firstLine + step * half + 2,
    marks: [
      ruler,
      markup`<g aria-hidden="true"><line class="rule" x1="${left}" x2="${right}" y1="${top}" y2="${top}"/>${ticks}</g>`,
      bars,
      hung,
    ],
  };
}
