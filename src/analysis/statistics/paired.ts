// Tests of two methods on the same pictures or sets: McNemar exact and mid-p (Fagerland et al. 2013), paired bootstrap, and
// Wilcoxon's signed ranks (exact below 26 pairs without ties, else normal with the tie correction).
import { type BootstrapOptions, bootstrapMean, type Interval } from './bootstrap.ts';
import { logGamma, normalCdf } from './special.ts';

export interface McNemar {
  /** Pictures that only the first, and only the second, got right. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Two-sided exact binomial p. */
  readonly exact: number;
  /** Exact p less half of the observed table's probability: closer to the nominal level. */
  readonly midP: number;
}

const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);

/** From the counts of discordant pictures. */
export function mcNemar(onlyFirst: number, onlySecond: number): McNemar {
  const n = onlyFirst + onlySecond;
  if (n === 0) return { onlyFirst, onlySecond, exact: 1, midP: 1 };
  const fewer = Math.min(onlyFirst, onlySecond);
  const probability = (k: number): number => Math.exp(logChoose(n, k) - n * Math.LN2);
  let tail = 0;
  for (let k = 0; k <= fewer; k++) tail += probability(k);
  if (onlyFirst === onlySecond) return { onlyFirst, onlySecond, exact: 1, midP: 1 - 0.5 * probability(fewer) };
  return { onlyFirst, onlySecond, exact: Math.min(1, 2 * tail), midP: Math.min(1, 2 * tail - probability(fewer)) };
}

/** Interval of the mean difference a - b, pairs resampled together. */
export function pairedBootstrap(a: ArrayLike<number>, b: ArrayLike<number>, options?: BootstrapOptions): Interval {
  return bootstrapMean(
    Array.from(a, (value, i) => value - b[i]!),
    options,
  );
}

export interface Wilcoxon {
  /** The smaller of the two rank sums; zero differences are left out. */
  readonly statistic: number;
  readonly p: number;
}

/** Two-sided signed-rank test of a - b around zero. */
export function wilcoxon(a: readonly number[], b: readonly number[]): Wilcoxon {
  const differences = a.map((value, i) => value - b[i]!).filter((d) => d !== 0);
  const n = differences.length;
  if (n === 0) return { statistic: 0, p: 1 };
  const sizes = differences.map(Math.abs);
  const ranks = sizes.map((s) => sizes.filter((o) => o < s).length + (sizes.filter((o) => o === s).length + 1) / 2);
  const plus = differences.reduce((sum, d, i) => sum + (d > 0 ? ranks[i]! : 0), 0);
  const statistic = Math.min(plus, (n * (n + 1)) / 2 - plus);
  const tied = new Set(sizes).size < n;
  if (!tied && n === a.length && n <= 25) return { statistic, p: Math.min(1, 2 * signedRankTail(statistic, n)) };
  const counts = [...new Set(sizes)].map((s) => sizes.filter((o) => o === s).length);
  const variance = (n * (n + 1) * (2 * n + 1)) / 24 - counts.reduce((sum, t) => sum + (t ** 3 - t), 0) / 48;
  return { statistic, p: 2 * normalCdf((statistic - (n * (n + 1)) / 4) / Math.sqrt(variance)) };
}

/** P(W <= w) under the null: of the 2^n sign patterns, those whose positive ranks sum to at most w. */
function signedRankTail(w: number, n: number): number {
  const ways = new Float64Array((n * (n + 1)) / 2 + 1);
  ways[0] = 1;
  for (let rank = 1; rank <= n; rank++) for (let s = ways.length - 1; s >= rank; s--) ways[s]! += ways[s - rank]!;
  let sum = 0;
  for (let s = 0; s <= w; s++) sum += ways[s]!;
  return sum / 2 ** n;
}

/** Whether an interval of a difference of shares leaves zero out, in plain words. */
export interface Verdict {
  readonly different: boolean;
  readonly difference: Interval;
  readonly words: string;
}

/** What a difference a - b says: which is better, or that the two can't be told apart with this data. */
export function verdict(first: string, second: string, difference: Interval): Verdict {
  const points = (x: number): string => (100 * x).toFixed(2);
  const range = `${points(difference.low)} to ${points(difference.high)} points`;
  const different = difference.low > 0 || difference.high < 0;
  if (!different)
    return { different, difference, words: `cannot tell ${first} and ${second} apart (difference ${range})` };
  const [better, worse] = difference.estimate > 0 ? [first, second] : [second, first];
  const size = points(Math.abs(difference.estimate));
  return { different, difference, words: `${better} is better than ${worse} by ${size} points (difference ${range})` };
}
