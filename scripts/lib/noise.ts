// Whether two means over seeds differ by more than chance.
export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const variance = (values: readonly number[]): number =>
  values.reduce((sum, x) => sum + (x - mean(values)) ** 2, 0) / Math.max(1, values.length - 1);

/** b - a, against two standard errors: of the seeds' draws, and of accuracies on so many pictures. */
export function withinNoise(a: readonly number[], b: readonly number[], pictures: number) {
  const seeds = (variance(a) + variance(b)) / a.length;
  const p = mean(a);
  const twice = 2 * Math.sqrt(seeds + (p * (1 - p)) / pictures);
  const difference = mean(b) - mean(a);
  return { difference, twice, holds: Math.abs(difference) <= twice };
}
