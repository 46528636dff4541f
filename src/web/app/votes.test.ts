// The dashboard's vote.
import { expect, it } from 'vitest';
import { shareRight, votedClasses } from './votes.ts';

const method = (predicted: readonly number[], confidence: readonly number[]) => ({
  method: 'm',
  predicted,
  confidence,
});

it('most votes win, among equals the surer class', () => {
  const voted = votedClasses(
    [method([0, 1, 2], [0.9, 0.4, 0.5]), method([1, 1, 0], [0.5, 0.4, 0.6]), method([1, 2, 1], [0.3, 0.9, 0.55])],
    3,
  );
  expect(voted).toEqual([1, 1, 0]);
  expect(shareRight(voted, [1, 2, 0])).toBeCloseTo(2 / 3, 12);
});
