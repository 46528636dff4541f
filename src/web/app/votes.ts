// An ensemble by vote: the class that most of the methods chose; among equals the one that they are surest of together.
import type { PredictionView } from '../api.ts';

type Method = PredictionView['methods'][number];

/** (pictures,): the voted class. */
export function votedClasses(methods: readonly Method[], pictures: number): number[] {
  return Array.from({ length: pictures }, (_, i) => {
    const votes = new Map<number, readonly [count: number, confidence: number]>();
    for (const { predicted, confidence } of methods) {
      const [count, sum] = votes.get(predicted[i]!) ?? [0, 0];
      votes.set(predicted[i]!, [count + 1, sum + confidence[i]!]);
    }
    const [first] = [...votes].sort(([, a], [, b]) => b[0] - a[0] || b[1] - a[1]);
    return first![0];
  });
}

export const shareRight = (predicted: readonly number[], labels: readonly number[]): number =>
  predicted.filter((k, i) => k === labels[i]).length / labels.length;
