import { describe, expect, it } from 'vitest';
import { type Candidate, canBeTold, choose } from './choice.ts';

/** A candidate that is right on the pictures `from` to `to` of 200. */
const candidate = (id: string, position: number, from: number, to: number, parameters = 100): Candidate => ({
  id,
  position: [position],
  top1: (to - from) / 200,
  loss: 1,
  parameters,
  right: Uint8Array.from({ length: 200 }, (_, i) => (i >= from && i < to ? 1 : 0)),
});

describe('the paired bootstrap', () => {
  it('tells apart what differs on many pictures, and not what differs on few', () => {
    const best = candidate('best', 0, 0, 180);
    expect(canBeTold(best, candidate('far', 1, 0, 160))).toBe(true);
    expect(canBeTold(best, candidate('near', 1, 0, 178))).toBe(false);
    expect(canBeTold(best, candidate('same', 1, 0, 180))).toBe(false);
  });

  it('counts the pairing: the same accuracies differ in how sure they are', () => {
    // 10 more right, nothing lost: a win in 1 - (190/200)^200 > 0.9999 of all resamples
    expect(canBeTold(candidate('a', 0, 0, 110), candidate('b', 1, 0, 100))).toBe(true);
    // 10 more right, but on other pictures altogether: a difference of 10 with a deviation of about 14
    expect(canBeTold(candidate('a', 0, 0, 105), candidate('b', 1, 105, 200))).toBe(false);
  });

  it('answers the same each time', () => {
    const [a, b] = [candidate('a', 0, 0, 106), candidate('b', 1, 0, 102)];
    expect(new Set(Array.from({ length: 5 }, () => canBeTold(a, b))).size).toBe(1);
  });
});

describe('the choice', () => {
  const spike = [
    candidate('low', 0, 0, 100, 10),
    candidate('spike', 1, 0, 181, 400),
    candidate('valley', 2, 0, 120, 20),
    candidate('plateau', 3, 0, 179, 300),
    candidate('plateau-2', 4, 0, 179, 30),
  ];

  it('max takes the best, and tells which points it can not be told from', () => {
    const { chosen, tied } = choose('max', spike);
    expect([chosen.id, tied.map(({ id }) => id)]).toEqual(['spike', ['spike', 'plateau', 'plateau-2']]);
  });

  it('smallest-in-tie takes the one with the fewest parameters', () => {
    expect(choose('smallest-in-tie', spike).chosen.id).toBe('plateau-2');
  });

  it('smoothed passes over a lone spike', () => {
    expect(choose('smoothed', spike).chosen.id).toBe('plateau-2');
  });

  it('among equals takes the lower loss, then the first', () => {
    const [a, b] = [candidate('a', 0, 0, 100), candidate('b', 1, 0, 100)];
    expect(choose('max', [a, b]).chosen.id).toBe('a');
    expect(choose('max', [a, { ...b, loss: 0.5 }]).chosen.id).toBe('b');
  });
});
