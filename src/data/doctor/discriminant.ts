// Class probabilities for every picture from features, by a classifier that never saw it: linear discriminant analysis (Fisher
// 1936) with a shrunk covariance, cross-validated. It has a closed form, so that it costs little beside the features.

export interface FeatureRows {
  /** (pictures, width), row-major. */
  readonly rows: Float32Array;
  readonly width: number;
}

/**
 * Share of the covariance that is replaced by a multiple of the identity with the same trace: features are many, pictures may
 * be few (Friedman 1989, "Regularized discriminant analysis").
 */
export const shrinkage = 0.1;

/** Sums over one fold's pictures, of centred features: by class (classes, width), and of products (width, width), lower half. */
interface Moments {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  readonly products: Float64Array;
}

function momentsOf(
  { rows, width }: FeatureRows,
  centre: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
  members: readonly number[],
): Moments {
  const counts = new Float64Array(classes);
  const sums = new Float64Array(classes * width);
  const products = new Float64Array(width * width);
  const x = new Float64Array(width);
  for (const i of members) {
    const label = labels[i]!;
    counts[label]!++;
    for (let a = 0; a < width; a++) {
      const value = rows[i * width + a]! - centre[a]!;
      x[a] = value;
      sums[label * width + a]! += value;
      for (let b = 0, at = a * width; b <= a; b++, at++) products[at]! += value * x[b]!;
    }
  }
  return { counts, sums, products };
}

const total = (parts: readonly Float64Array[]): Float64Array => {
  const out = new Float64Array(parts[0]!.length);
  for (const part of parts) for (let i = 0; i < out.length; i++) out[i]! += part[i]!;
  return out;
};

/** In place: the lower half of a symmetric positive definite (n, n) becomes its Cholesky factor. */
function cholesky(matrix: Float64Array, n: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[i * n + k]! * matrix[j * n + k]!;
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j]!;
    }
}

/** x with L L^T x = y, for the factor in the lower half of `factor`. */
function solve(factor: Float64Array, n: number, y: Float64Array): Float64Array {
  const x = y.slice();
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i]! -= factor[i * n + k]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i]! -= factor[k * n + i]! * x[k]!;
    x[i]! /= factor[i * n + i]!;
  }
  return x;
}

/** A class's score is weight . x + bias; undefined where no picture of it was seen. */
type Scorer = { readonly weight: Float64Array; readonly bias: number } | undefined;

function fitScorers({ counts, sums, products }: Moments, width: number): Scorer[] {
  const n = counts.reduce((a, b) => a + b, 0);
  const means = Array.from(counts, (count, k) =>
    sums.slice(k * width, (k + 1) * width).map((sum) => (count > 0 ? sum / count : 0)),
  );
  const within = products; // of this fold alone: may be overwritten
  let trace = 0;
  for (let a = 0; a < width; a++) {
    for (let b = 0; b <= a; b++) {
      let value = within[a * width + b]!;
      for (const [k, mean] of means.entries()) value -= counts[k]! * mean[a]! * mean[b]!;
      within[a * width + b] = (1 - shrinkage) * (value / n);
      if (a === b) trace += value / n;
    }
  }
  // Features that are all equal have no covariance: any positive number then does.
  const ridge = (shrinkage * trace) / width || 1;
  for (let a = 0; a < width; a++) within[a * width + a]! += ridge;
  cholesky(within, width);
  return means.map((mean, k) => {
    if (counts[k] === 0) return undefined;
    const weight = solve(within, width, mean);
    return {
      weight,
      bias: Math.log(counts[k]! / n) - 0.5 * weight.reduce((sum, w, a) => sum + w * mean[a]!, 0),
    };
  });
}

/**
 * Log-odds (pictures, classes), up to a constant a row, of each picture by the classifier of all folds but its own; -Infinity
 * for a class that has no picture there. `folds`: the fold of each picture, from 0.
 */
export function outOfFoldScores(
  features: FeatureRows,
  labels: ArrayLike<number>,
  classes: number,
  folds: ArrayLike<number>,
): Float64Array {
  const { rows, width } = features;
  const n = labels.length;
  const members: number[][] = [];
  for (let i = 0; i < n; i++) {
    while (members.length <= folds[i]!) members.push([]);
    members[folds[i]!]!.push(i);
  }
  const centre = new Float64Array(width);
  for (let i = 0; i < rows.length; i++) centre[i % width]! += rows[i]! / n;
  const moments = members.map((held) => momentsOf(features, centre, labels, classes, held));
  const scores = new Float64Array(n * classes);
  members.forEach((held, fold) => {
    const others = moments.filter((_, other) => other !== fold);
    const scorers = fitScorers(
      {
        counts: total(others.map(({ counts }) => counts)),
        sums: total(others.map(({ sums }) => sums)),
        products: total(others.map(({ products }) => products)),
      },
      width,
    );
    for (const i of held)
      scorers.forEach((scorer, k) => {
        let score = scorer?.bias ?? Number.NEGATIVE_INFINITY;
        if (scorer) for (let a = 0; a < width; a++) score += scorer.weight[a]! * (rows[i * width + a]! - centre[a]!);
        scores[i * classes + k] = score;
      });
  });
  return scores;
}
