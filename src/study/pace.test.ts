import { expect, it } from 'vitest';
import { createPace } from './pace.ts';

it('tells nothing before it is known what runs take, or while nobody works', () => {
  const pace = createPace();
  expect(pace({ workOver: 0, workLeft: Number.NaN, done: 0 }, 2, 0)).toBeUndefined();
  expect(createPace()({ workOver: 10, workLeft: 90, done: 1 }, 0, 1000)).toBeUndefined();
});

it('takes a worker at its word until runs have ended', () => {
  const pace = createPace();
  expect(pace({ workOver: 30, workLeft: 70, done: 3 }, 2, 0)).toBe(35);
  expect(pace({ workOver: 40, workLeft: 60, done: 4 }, 2, 500)).toBe(30); // not 20 seconds of work a second
});

it('does not take a slow start for the rate', () => {
  const pace = createPace();
  // A minute of decoding, then a run of two seconds each second.
  for (let at = 0; at <= 60; at++) pace({ workOver: 0, workLeft: 1000, done: 0 }, 1, at * 1000);
  for (let done = 1; done < 500; done++) {
    const told = pace({ workOver: 2 * done, workLeft: 1000 - 2 * done, done }, 1, (60 + done) * 1000)!;
    if (done >= 10) expect(Math.abs(told / (500 - done) - 1), `after ${done}`).toBeLessThan(0.1);
  }
});

it('follows when workers come or go', () => {
  const pace = createPace();
  let [done, told] = [0, 0];
  for (let at = 0; at < 400; at++) {
    told = pace({ workOver: done, workLeft: 2000 - done, done }, 2, at * 1000)!;
    done += at < 100 ? 4 : 2;
  }
  expect(told).toBeCloseTo((2000 - (done - 2)) / 2, 0); // at half the rate, after 300 of 400 seconds
});
