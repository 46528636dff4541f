// Choosing among grid points by their validation accuracy, which is a measurement with noise: besides the maximum, the
// points that can't be told from it on these very pictures (paired bootstrap, Efron & Tibshirani 1993, chapter 16).
import { stream } from '../base/rng.ts';
import { areNeighbours } from './grid.ts';
import type { ChoiceRule } from './plan.ts';

export interface Candidate {
  readonly id: string;
  readonly position: readonly number[];
  /** Validation accuracy and loss. */
  readonly top1: number;
  readonly loss: number;
  /** Trained scalars without the head. */
  readonly parameters: number;
  /** For each validation picture 1 where the prediction was right, else 0. */
  readonly right: Uint8Array;
}

export interface Choice {
  readonly chosen: Candidate;
  /** The best point and all that can't be told from it, in the given order. */
  readonly tied: readonly Candidate[];
}

const resamples = 1000;
/** One-sided: a point is told from the best if the best won in more than this share of the resamples. */
const confidence = 0.975;

/** Whether `best`'s lead over `other` could be an accident of which pictures were drawn. Seeded: the same answer each time. */
export function canBeTold(best: Candidate, other: Candidate): boolean {
  const n = best.right.length;
  // Only pictures that one got right and the other wrong can move the difference.
  const differences = Array.from(best.right, (right, i) => right - other.right[i]!);
  if (differences.every((d) => d === 0)) return false;
  const rng = stream(0, 'bootstrap', best.id, other.id);
  let wins = 0;
  for (let b = 0; b < resamples; b++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[rng.below(n)]!;
    if (sum > 0) wins++;
  }
  return wins > confidence * resamples;
}

/** Higher accuracy first, then lower loss; equals keep their order. */
const better = (a: Candidate, b: Candidate): number => b.top1 - a.top1 || a.loss - b.loss;

/** Accuracy averaged over a point and its neighbours on the grid: a lone spike is noise. */
function smoothed(candidate: Candidate, all: readonly Candidate[]): number {
  const near = all.filter((other) => other === candidate || areNeighbours(candidate.position, other.position));
  return near.reduce((sum, { top1 }) => sum + top1, 0) / near.length;
}

/** Chooses one of the candidates (at least one), given in the grid's order. */
export function choose(rule: ChoiceRule, candidates: readonly Candidate[]): Choice {
  const best = [...candidates].sort(better)[0]!;
  const tied = candidates.filter((other) => other === best || !canBeTold(best, other));
  switch (rule) {
    case 'max':
      return { chosen: best, tied };
    case 'smallest-in-tie':
      return { chosen: [...tied].sort((a, b) => a.parameters - b.parameters || better(a, b))[0]!, tied };
    case 'smoothed': {
      const score = new Map(candidates.map((c) => [c, smoothed(c, candidates)]));
      return { chosen: [...candidates].sort((a, b) => score.get(b)! - score.get(a)! || better(a, b))[0]!, tied };
    }
  }
}
