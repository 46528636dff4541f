import { expect, it } from 'vitest';
import { createPace, type PaceStanding } from './pace.ts';

/** So much work over and left, in seconds; what is left waits, in runs of a second. */
const standing = (workOver: number, workLeft: number, done: number): PaceStanding => ({
  done,
  workOver,
  workLeft,
  underWay: [],
  waiting: [{ runs: workLeft, seconds: 1 }],
});

it('tells nothing before it is known what runs take, or while nobody works', () => {
  const pace = createPace();
  expect(pace(standing(0, Number.NaN, 0), 2, 0)).toBeUndefined();
  expect(createPace()(standing(10, 90, 1), 0, 1000)).toBeUndefined();
});

it('takes a worker at its word until runs have ended', () => {
  const pace = createPace();
  expect(pace(standing(30, 70, 3), 2, 0)).toBe(35);
  expect(pace(standing(40, 60, 4), 2, 500)).toBe(30); // not 20 seconds of work a second
});

it('does not take a slow start for the rate', () => {
  const pace = createPace();
  // A minute of decoding, then a run of two seconds each second.
  for (let at = 0; at <= 60; at++) pace(standing(0, 1000, 0), 1, at * 1000);
  for (let done = 1; done < 500; done++) {
    const told = pace(standing(2 * done, 1000 - 2 * done, done), 1, (60 + done) * 1000)!;
    if (done >= 10) expect(Math.abs(told / (500 - done) - 1), `after ${done}`).toBeLessThan(0.1);
  }
});

it('follows when workers come or go', () => {
  const pace = createPace();
  let [done, told] = [0, 0];
  for (let at = 0; at < 400; at++) {
    told = pace(standing(done, 2000 - done, done), 2, at * 1000)!;
    done += at < 100 ? 4 : 2;
  }
  expect(told).toBeCloseTo((2000 - (done - 2)) / 2, 0); // at half the rate, after 300 of 400 seconds
});

it('knows which runs come last, and that workers have nothing to do then', () => {
  const last = (underWay: number[], waiting: PaceStanding['waiting'], workers: number) => {
    const workLeft = [...underWay, ...waiting.map(({ runs, seconds }) => runs * seconds)].reduce((a, b) => a + b, 0);
    return createPace()({ done: 9, workOver: 90, workLeft, underWay, waiting }, workers, 0);
  };
  expect(last([10, 2], [], 2)).toBe(10);
  expect(last([10, 2], [{ runs: 1, seconds: 10 }], 2)).toBe(12);
  expect(last([10, 10], [{ runs: 1, seconds: 10 }], 2)).toBe(20);
  expect(
    last(
      [1, 1],
      [
        { runs: 2, seconds: 3 },
        { runs: 1, seconds: 10 },
      ],
      2,
    ),
  ).toBe(14);
  // One of two workers trains three in one graph.
  expect(last([4, 4, 4, 12], [], 2)).toBe(12);
});
