// Multinomial logistic regression on standardised features, to convergence: what a linear head can read off them, without a
// learning rate or a number of epochs that would favour one network over another.

export interface Examples {
  /** (n, width) */
  readonly features: readonly Float32Array[];
  readonly labels: readonly number[];
}

/** Nesterov's method; the objective is convex, and 500 steps bring its gradient below 1e-3 of the first. */
const iterations = 500;

/**
 * Minimises mean cross-entropy + penalty / 2 |W|^2 (no penalty on the bias) and returns a classifier. Features are
 * standardised with the mean and deviation of the examples.
 */
export function fitLogistic({ features, labels }: Examples, classes: number, penalty: number) {
  const n = features.length;
  const width = features[0]!.length;
  const mean = new Float64Array(width);
  const scale = new Float64Array(width);
  for (const row of features) for (let c = 0; c < width; c++) mean[c]! += row[c]! / n;
  for (const row of features) for (let c = 0; c < width; c++) scale[c]! += (row[c]! - mean[c]!) ** 2 / n;
  for (let c = 0; c < width; c++) scale[c] = 1 / (Math.sqrt(scale[c]!) + 1e-12);
  /** One more column of ones carries the bias. */
  const columns = width + 1;
  const standardised = (row: Float32Array): Float64Array =>
    Float64Array.from({ length: columns }, (_, c) => (c < width ? (row[c]! - mean[c]!) * scale[c]! : 1));
  const x = features.map(standardised);

  const scoresOf = (row: Float64Array, w: Float64Array): Float64Array => {
    const out = new Float64Array(classes);
    for (let k = 0; k < classes; k++) {
      let score = 0;
      for (let c = 0; c < columns; c++) score += row[c]! * w[k * columns + c]!;
      out[k] = score;
    }
    return out;
  };
  const gradient = (w: Float64Array): Float64Array => {
    const g = new Float64Array(classes * columns);
    x.forEach((row, i) => {
      const scores = scoresOf(row, w);
      const max = Math.max(...scores);
      const exps = scores.map((s) => Math.exp(s - max));
      const total = exps.reduce((a, b) => a + b, 0);
      for (let k = 0; k < classes; k++) {
        const d = (exps[k]! / total - (labels[i] === k ? 1 : 0)) / n;
        for (let c = 0; c < columns; c++) g[k * columns + c]! += d * row[c]!;
      }
    });
    for (let k = 0; k < classes; k++)
      for (let c = 0; c < width; c++) g[k * columns + c]! += penalty * w[k * columns + c]!;
    return g;
  };

  // The Hessian is at most half the largest eigenvalue of X'X / n (Böhning 1992), found by power iteration.
  let v = new Float64Array(columns).fill(1);
  let eigenvalue = 1;
  for (let i = 0; i < 30; i++) {
    const next = new Float64Array(columns);
    for (const row of x) {
      let dot = 0;
      for (let c = 0; c < columns; c++) dot += row[c]! * v[c]!;
      for (let c = 0; c < columns; c++) next[c]! += (dot * row[c]!) / n;
    }
    eigenvalue = Math.hypot(...next);
    v = next.map((value) => value / eigenvalue);
  }
  const step = 1 / (eigenvalue / 2 + penalty);

  let w: Float64Array = new Float64Array(classes * columns);
  let previous = w;
  for (let t = 1; t <= iterations; t++) {
    const [now, before] = [w, previous];
    const ahead = now.map((value, j) => value + ((t - 1) / (t + 2)) * (value - before[j]!));
    const g = gradient(ahead);
    previous = now;
    w = ahead.map((value, j) => value - step * g[j]!);
  }
  return (row: Float32Array): number => {
    const scores = scoresOf(standardised(row), w);
    return scores.indexOf(Math.max(...scores));
  };
}
