// From axes to grid points in a fixed order: the first axis changes slowest. Points carry their position on each axis, so
// that neighbours can be told.
import { shuffled, stream } from '../base/rng.ts';

export interface Axis {
  /** Which table the option is of. */
  readonly table: 'method' | 'training' | 'protocol';
  readonly option: string;
  /** At least one, each once. */
  readonly values: readonly unknown[];
  /** How many the plan lists, with those that it lists twice. */
  readonly listed?: number;
}

export interface GridPoint {
  /** Index into each axis' values. */
  readonly position: readonly number[];
  /** By table and option. */
  readonly values: Readonly<Record<Axis['table'], Readonly<Record<string, unknown>>>>;
}

export const gridSize = (axes: readonly Axis[]): number => axes.reduce((n, { values }) => n * values.length, 1);

/** The point with the given rank in the fixed order. */
function pointAt(axes: readonly Axis[], rank: number): GridPoint {
  const position: number[] = axes.map(() => 0);
  let rest = rank;
  for (let k = axes.length - 1; k >= 0; k--) {
    const { length } = axes[k]!.values;
    position[k] = rest % length;
    rest = Math.floor(rest / length);
  }
  const valuesOf = (table: Axis['table']) =>
    Object.fromEntries(
      axes.flatMap((axis, k) => (axis.table === table ? [[axis.option, axis.values[position[k]!]!] as const] : [])),
    );
  return {
    position,
    values: { method: valuesOf('method'), training: valuesOf('training'), protocol: valuesOf('protocol') },
  };
}

/** All points, or `count` of them drawn without replacement by a seeded stream; always in the fixed order. */
export function gridPoints(
  axes: readonly Axis[],
  draw?: { readonly count: number; readonly seed: number; readonly names: readonly string[] },
): GridPoint[] {
  const ranks = Array.from({ length: gridSize(axes) }, (_, rank) => rank);
  const chosen =
    draw && draw.count < ranks.length
      ? shuffled(ranks, stream(draw.seed, 'grid', ...draw.names))
          .slice(0, draw.count)
          .sort((a, b) => a - b)
      : ranks;
  return chosen.map((rank) => pointAt(axes, rank));
}

/** Whether two points differ by one step on one axis. */
export function areNeighbours(a: readonly number[], b: readonly number[]): boolean {
  return a.reduce((sum, x, k) => sum + Math.abs(x - b[k]!), 0) === 1;
}
