// Classification metrics from logits and labels, in double precision.

export interface Metrics {
  /** Share of pictures whose right class has the largest logit; among equals the first class counts. */
  readonly top1: number;
  /** Share whose right class is among the five largest (all, where there are fewer classes). */
  readonly top5: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Mean over the classes that occur of their accuracy (balanced accuracy). */
  readonly meanClassAccuracy: number;
  /** Expected calibration error: 15 equal bins of confidence (lo, hi] (Guo et al. 2017). */
  readonly ece: number;
  readonly pictures: number;
}

const bins = 15;

/** Accuracy of each class; NaN for one without pictures. */
export function classAccuracies(logits: Float32Array, labels: ArrayLike<number>, classes: number): Float64Array {
  const right = new Float64Array(classes);
  const seen = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    seen[labels[i]!]!++;
    if (rankOf(logits, i * classes, classes, labels[i]!) === 0) right[labels[i]!]!++;
  }
  return right.map((r, k) => r / seen[k]!);
}

/** How many classes come before class `label`: those with a larger logit, and equals with a smaller index. */
function rankOf(logits: Float32Array, start: number, classes: number, label: number): number {
  const own = logits[start + label]!;
  let rank = 0;
  for (let k = 0; k < classes; k++) {
    const other = logits[start + k]!;
    if (other > own || (other === own && k < label)) rank++;
  }
  return rank;
}

/** The metrics among the classes that occur in `labels`: the others' logits are left out. */
export function metricsAmongOwn(logits: Float32Array, labels: ArrayLike<number>, classes: number): Metrics {
  const own = [...new Set(Array.from(labels))].sort((a, b) => a - b);
  if (own.length === classes) return metricsOf(logits, labels, classes);
  const position = new Map(own.map((label, i) => [label, i]));
  const kept = Float32Array.from(
    { length: labels.length * own.length },
    (_, i) => logits[Math.floor(i / own.length) * classes + own[i % own.length]!]!,
  );
  return metricsOf(
    kept,
    Array.from(labels, (label) => position.get(label)!),
    own.length,
  );
}

/** logits (n, classes), row-major; labels (n,). */
export function metricsOf(logits: Float32Array, labels: ArrayLike<number>, classes: number): Metrics {
  const n = labels.length;
  let top1 = 0;
  let top5 = 0;
  let loss = 0;
  const binSize = new Float64Array(bins);
  const binConfidence = new Float64Array(bins);
  const binRight = new Float64Array(bins);
  for (let i = 0; i < n; i++) {
    const start = i * classes;
    const label = labels[i]!;
    let max = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < classes; k++) max = Math.max(max, logits[start + k]!);
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += Math.exp(logits[start + k]! - max);
    loss += Math.log(sum) + max - logits[start + label]!;
    const rank = rankOf(logits, start, classes, label);
    if (rank === 0) top1++;
    if (rank < 5) top5++;
    const confidence = 1 / sum; // exp(max - max) / sum
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    binSize[bin]!++;
    binConfidence[bin]! += confidence;
    if (rank === 0) binRight[bin]!++;
  }
  let ece = 0;
  for (let b = 0; b < bins; b++) ece += Math.abs(binRight[b]! - binConfidence[b]!) / n;
  const accuracies = [...classAccuracies(logits, labels, classes)].filter((a) => !Number.isNaN(a));
  return {
    top1: top1 / n,
    top5: top5 / n,
    loss: loss / n,
    meanClassAccuracy: accuracies.reduce((a, b) => a + b, 0) / accuracies.length,
    ece,
    pictures: n,
  };
}
