// What known sets say of methods on a new one. On logit axes the accuracies of all methods on a set are one draw of a Gaussian
// whose mean and covariance are those of the known sets; what was measured on the new set conditions it (Rasmussen & Williams
// 2006, section 2.2). So one cheap measurement, of the linear head, moves what is expected of every method.
import { OptionError } from '../../base/errors.ts';
import { stream } from '../../base/rng.ts';
import type { ScoreTable } from '../accuracy.ts';
import { mean } from '../collect.ts';

/** Accuracies on logit axes over known sets. */
export interface MethodPrior {
  readonly methods: readonly string[];
  readonly sets: number;
  /** (methods,). */
  readonly mean: readonly number[];
  /** (methods, methods), as a new set is predicted: 1 + 1 / sets times that of the known ones. */
  readonly covariance: readonly (readonly number[])[];
}

/** What was measured of a method on the new set. */
export interface Measurement {
  readonly method: string;
  /** Accuracy on `pictures` validation pictures, a share. */
  readonly top1: number;
  readonly pictures: number;
  /** Trained for fewer epochs than the run that is asked about. */
  readonly short: boolean;
}

/** How far measurements lie from what they stand for, as standard deviations on the logit axis. */
export interface Trust {
  /** Of what all short trainings miss alike: 1 is the step from 50 % to 73 %. */
  readonly shortLevel: number;
  /** Of a short training beyond that. */
  readonly short: number;
  /** Of a whole one: another backbone, other pictures than the known sets'. */
  readonly whole: number;
}

/**
 * `whole` is what the published study shows between the best validation accuracy of the linear head and its test accuracy (0.43)
 * beyond the noise of 200 pictures; the others are assumed, wide on purpose.
 */
export const usualTrust: Trust = { shortLevel: 1, short: 0.5, whole: 0.4 };

const edge = 1e-3;
const logit = (share: number): number => {
  const p = Math.min(1 - edge, Math.max(edge, share));
  return Math.log(p / (1 - p));
};
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Learns from a table of known sets. A sample covariance of as many methods as sets would be taken for more than it is: it is
 * shrunk towards one correlation for all pairs (Ledoit & Wolf 2004), sets and methods counting alike. Throws OptionError for
 * fewer than 3 sets: they show no spread.
 */
export function methodPrior({ methods, sets, scores }: ScoreTable): MethodPrior {
  if (sets.length < 3) throw new OptionError(`advice: needs results on at least 3 known sets, got ${sets.length}`);
  const rows = scores.map((row) => row.map(logit));
  const centre = methods.map((_, m) => mean(rows.map((row) => row[m]!)));
  const more = (1 + 1 / sets.length) / (sets.length - 1);
  const sample = methods.map((_, a) =>
    methods.map((_, b) => more * rows.reduce((sum, row) => sum + (row[a]! - centre[a]!) * (row[b]! - centre[b]!), 0)),
  );
  const deviation = methods.map((_, m) => Math.sqrt(sample[m]![m]!));
  const pairs = methods.flatMap((_, a) => methods.slice(0, a).map((_, b) => [a, b] as const));
  const common = pairs.length > 0 ? mean(pairs.map(([a, b]) => sample[a]![b]! / (deviation[a]! * deviation[b]!))) : 1;
  const towards = methods.length / (methods.length + sets.length);
  return {
    methods,
    sets: sets.length,
    mean: centre,
    covariance: sample.map((row, a) =>
      row.map((x, b) => (a === b ? x : (1 - towards) * x + towards * common * deviation[a]! * deviation[b]!)),
    ),
  };
}

/** Lower triangle L with L Lt = matrix; pivots that vanish (fewer sets than methods) count as 0. */
function cholesky(matrix: readonly (readonly number[])[]): number[][] {
  const lower: number[][] = matrix.map((row) => row.map(() => 0));
  for (let i = 0; i < matrix.length; i++)
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i]![j]!;
      for (let k = 0; k < j; k++) rest -= lower[i]![k]! * lower[j]![k]!;
      if (i === j) lower[i]![i] = Math.sqrt(Math.max(0, rest));
      else lower[i]![j] = lower[j]![j]! > 1e-9 ? rest / lower[j]![j]! : 0;
    }
  return lower;
}

/** x with L Lt x = b. */
function solve(lower: readonly (readonly number[])[], b: readonly number[]): number[] {
  const x = [...b];
  for (let i = 0; i < x.length; i++) {
    for (let k = 0; k < i; k++) x[i]! -= lower[i]![k]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i]! -= lower[k]![i]! * x[k]!;
    x[i]! /= lower[i]![i]!;
  }
  return x;
}

/** The prior given measurements: mean and covariance on the logit axis. Measurements of unknown methods are left out. */
export function conditioned(
  prior: MethodPrior,
  measurements: readonly Measurement[],
  trust: Trust = usualTrust,
): Pick<MethodPrior, 'mean' | 'covariance'> {
  const seen = measurements.flatMap((measured) => {
    const index = prior.methods.indexOf(measured.method);
    return index < 0 ? [] : [{ ...measured, index }];
  });
  if (seen.length === 0) return prior;
  const noise = ({ top1, pictures, short }: Measurement): number => {
    const half = 0.5 / pictures; // half a picture keeps 0 and 1 from seeming certain
    const p = Math.min(1 - half, Math.max(half, top1));
    return 1 / (pictures * p * (1 - p)) + (short ? trust.short : trust.whole) ** 2;
  };
  const lower = cholesky(
    seen.map((a, i) =>
      seen.map(
        (b, j) =>
          prior.covariance[a.index]![b.index]! +
          (a.short && b.short ? trust.shortLevel ** 2 : 0) +
          (i === j ? noise(a) : 0),
      ),
    ),
  );
  const residuals = solve(
    lower,
    seen.map(({ top1, index }) => logit(top1) - prior.mean[index]!),
  );
  const across = prior.methods.map((_, m) => seen.map(({ index }) => prior.covariance[m]![index]!));
  const gains = across.map((row) => solve(lower, row));
  const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, k) => sum + x * b[k]!, 0);
  return {
    mean: prior.mean.map((x, m) => x + dot(across[m]!, residuals)),
    covariance: prior.covariance.map((row, a) => row.map((x, b) => x - dot(gains[a]!, across[b]!))),
  };
}

/** (draws, methods): accuracies of all methods together, as the measurements leave them possible; drawn by a seed. */
export function drawAccuracies(
  prior: MethodPrior,
  measurements: readonly Measurement[],
  options: { readonly draws?: number; readonly seed?: number; readonly trust?: Trust } = {},
): Float64Array[] {
  const { draws = 4000, seed = 0, trust } = options;
  const posterior = conditioned(prior, measurements, trust);
  const lower = cholesky(posterior.covariance);
  const rng = stream(seed, 'advice');
  return Array.from({ length: draws }, () => {
    // A covariance estimated from few sets makes the prediction a multivariate t: one common stretch a draw.
    let chi = 0;
    for (let k = 1; k < prior.sets; k++) chi += rng.normal() ** 2;
    const stretch = Math.sqrt((prior.sets - 1) / chi);
    const z = prior.methods.map(() => stretch * rng.normal());
    return Float64Array.from(prior.methods, (_, m) => {
      let x = posterior.mean[m]!;
      for (let k = 0; k <= m; k++) x += lower[m]![k]! * z[k]!;
      return logistic(x);
    });
  });
}
