// How probably each label is wrong, from scores of classifiers that didn't see the picture. Two numbers are fitted by maximum
// likelihood: a temperature, so that the scores are as sure as they are right (Guo et al. 2017, section 4.2), and the share of
// labels that were drawn from the other classes at random (uniform label noise, as in Natarajan et al. 2013). A weak classifier
// then suspects few labels instead of all that it gets wrong.

/** Softmax of scores / temperature, row by row: (pictures, classes). */
export function softmaxRows(scores: Float64Array, classes: number, temperature = 1): Float64Array {
  const out = new Float64Array(scores.length);
  for (let start = 0; start < scores.length; start += classes) {
    const row = scores.subarray(start, start + classes);
    const most = row.reduce((a, b) => Math.max(a, b));
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += out[start + k] = Math.exp((row[k]! - most) / temperature);
    for (let k = 0; k < classes; k++) out[start + k]! /= sum;
  }
  return out;
}

export interface LabelNoise {
  readonly temperature: number;
  /** Share of labels that are wrong, at least 0.1. */
  readonly rate: number;
  /** Mean log-likelihood of the labels, nats. */
  readonly likelihood: number;
}

/**
 * The least rate: a weak classifier's scores can be explained by its own doubts as well as by a few wrong labels, and a list
 * should then rather be too long. Well-known test sets have 0 to 10 % (Northcutt et al. 2021, arXiv 2103.14749).
 */
const leastRate = 0.1;
/** How close expectation-maximisation of the rate goes, and when it gives up. */
const tolerance = 1e-7;
const maxRounds = 1000;

/** P(label) = (1 - rate) p + rate (1 - p) / (classes - 1), and the part of it that is noise. `p`: the label's probability. */
function likelihoodOf(p: number, rate: number, classes: number) {
  const noise = (rate * (1 - p)) / (classes - 1);
  return { total: (1 - rate) * p + noise, noise };
}

/** The most likely rate at a temperature. `own`: each label's probability. */
function fitRate(own: Float64Array, classes: number): Pick<LabelNoise, 'rate' | 'likelihood'> {
  let rate = leastRate;
  let likelihood = 0;
  for (let round = 0; round < maxRounds; round++) {
    let noisy = 0;
    likelihood = 0;
    for (const p of own) {
      const { total, noise } = likelihoodOf(p, rate, classes);
      noisy += noise / total;
      likelihood += Math.log(total) / own.length;
    }
    const next = noisy / own.length;
    const before = rate;
    rate = Math.min(Math.max(next, leastRate), 0.5); // more than half wrong is no labelling
    if (Math.abs(rate - before) < tolerance) break;
  }
  return { rate, likelihood };
}

const ownProbabilities = (probabilities: Float64Array, labels: ArrayLike<number>, classes: number): Float64Array =>
  Float64Array.from({ length: labels.length }, (_, i) => probabilities[i * classes + labels[i]!]!);

/** Fits both to `scores` (pictures, classes): golden-section search over temperatures from 0.1 to 100, to 0.1 %. */
export function fitNoise(scores: Float64Array, labels: ArrayLike<number>, classes: number): LabelNoise {
  const at = (logTemperature: number): LabelNoise => {
    const temperature = Math.exp(logTemperature);
    const own = ownProbabilities(softmaxRows(scores, classes, temperature), labels, classes);
    return { temperature, ...fitRate(own, classes) };
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.1), Math.log(100)];
  let [left, right] = [at(high - golden * (high - low)), at(low + golden * (high - low))];
  while (high - low > 1e-3) {
    if (left.likelihood > right.likelihood) {
      high = Math.log(right.temperature);
      right = left;
      left = at(high - golden * (high - low));
    } else {
      low = Math.log(left.temperature);
      left = right;
      right = at(low + golden * (high - low));
    }
  }
  return left.likelihood > right.likelihood ? left : right;
}

/** Each label's probability of being wrong, under a fitted noise. `probabilities`: softmaxRows at its temperature. */
export function wrongness(
  probabilities: Float64Array,
  labels: ArrayLike<number>,
  classes: number,
  { rate }: Pick<LabelNoise, 'rate'>,
): Float64Array {
  return ownProbabilities(probabilities, labels, classes).map((p) => {
    const { total, noise } = likelihoodOf(p, rate, classes);
    return noise / total;
  });
}
