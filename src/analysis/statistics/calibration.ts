// How far confidence can be trusted: expected calibration error (Guo et al. 2017) and the area under the ROC curve of
// confidence as a detector of right predictions.

/** Mean over equal bins (lo, hi] of |accuracy - confidence|, weighted by size. confidence and right: (pictures,). */
export function calibrationError(confidence: ArrayLike<number>, right: ArrayLike<number>, bins = 15): number {
  const gap = new Float64Array(bins);
  for (let i = 0; i < confidence.length; i++) {
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence[i]! * bins) - 1));
    gap[bin]! += right[i]! - confidence[i]!;
  }
  return gap.reduce((sum, g) => sum + Math.abs(g), 0) / confidence.length;
}

/** P(score of a positive > score of a negative), ties half (Mann-Whitney); NaN with one class only. */
export function rocArea(scores: ArrayLike<number>, positive: ArrayLike<number>): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  let rankSum = 0;
  let positives = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end + 1 < order.length && scores[order[end + 1]!] === scores[order[start]!]) end++;
    for (let i = start; i <= end; i++)
      if (positive[order[i]!]) {
        rankSum += (start + end) / 2 + 1;
        positives++;
      }
    start = end + 1;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (order.length - positives));
}
