// How fast a study gets on, and so how long it has to go. The rate is that of the latter half of the work that was watched: what
// comes once, such as the drawing and decoding of pictures before the first runs, is no sign of what follows. Only runs that are
// over count for it, since what a run under way is worth isn't known before one of its kind is over.
import type { Standing } from './standing.ts';

/**
 * Seconds left at the moment `now` (milliseconds of any clock), with so many workers at work; undefined where nothing is known of
 * what runs take, or nobody is at work.
 */
export type Pace = (standing: PaceStanding, workers: number, now: number) => number | undefined;

export type PaceStanding = Pick<Standing, 'done' | 'workOver' | 'workLeft' | 'underWay' | 'waiting'>;

interface Look {
  readonly over: number;
  readonly done: number;
  readonly at: number;
}

/** So many runs of each worker have to be over before their rate is believed; until then a worker does a second a second. */
const enough = 4;
/** A look is kept when so much more was over than at the last one kept: enough of them, however long the study is. */
const step = 1 / 200;

/** Seconds until workers have ended the runs that are under way and then those that wait, each taking the next one when it is free. */
function schedule({ underWay, waiting }: PaceStanding, workers: number): number {
  const free = Array<number>(Math.max(1, workers)).fill(0);
  const take = (seconds: number) => {
    let next = 0;
    for (let worker = 1; worker < free.length; worker++) if (free[worker]! < free[next]!) next = worker;
    free[next]! += seconds;
  };
  // A worker that trains several runs in one graph holds more than one.
  for (const seconds of underWay.toSorted((a, b) => b - a)) take(seconds);
  for (const { runs, seconds } of waiting) for (let run = 0; run < runs; run++) take(seconds);
  return Math.max(...free);
}

export function createPace(): Pace {
  let looks: Look[] = [];
  let first: Look | undefined;
  return (standing, workers, now) => {
    const { workOver: over, workLeft, done } = standing;
    first ??= { over, done, at: now };
    const begun = first.over;
    const last = looks.at(-1) ?? first;
    // The moments at which runs end bound the time that the work between them took.
    if (looks.length === 0 || over - last.over > step * (over - begun)) looks.push({ over, done, at: now });
    // What went before the latter half is no longer needed.
    const half = begun + (over - begun) / 2;
    const from = looks.findLastIndex((one) => one.over <= half);
    looks = looks.slice(Math.max(0, from));
    const [start, end] = [looks[0]!, looks.at(-1)!];
    const seconds = (end.at - start.at) / 1000;
    const rate = end.done - start.done >= enough * Math.max(1, workers) ? (end.over - start.over) / seconds : workers;
    return workLeft >= 0 && rate > 0 ? (schedule(standing, workers) * workers) / rate : undefined;
  };
}
