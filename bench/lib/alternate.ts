// Measures side by side: every contestant once a round, so that what else the machine does hits all of them, and ratios are
// taken within rounds.

/** Measures once: a number in the unit of the comparison. */
export type Measure = () => Promise<number>;

/** Numbers of each contestant, round by round. The order turns, so that none always follows another. */
export async function alternate<Name extends string>(
  contestants: Readonly<Partial<Record<Name, Measure>>>,
  rounds: number,
): Promise<Partial<Record<Name, readonly number[]>>> {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++)
    for (const i of names.keys()) {
      const name = names[(i + round) % names.length]!;
      results[name].push(await contestants[name]!());
    }
  return results;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** a / b, round by round: the median, the lowest and the highest. */
export function ratioOf(a: readonly number[], b: readonly number[]): Ratio {
  const each = a.map((value, i) => value / b[i]!);
  return { median: median(each), low: Math.min(...each), high: Math.max(...each) };
}

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
