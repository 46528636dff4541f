// Runs trained together: those whose steps are the same computation on other numbers (one method and its options; learning rate,
// weight decay, schedule, seed may differ) share one graph (runtime/lanes.ts). Each is a run like any other, with its own folder,
// order of pictures, saves and end, and ends in the bits of the run alone. Runs that don't fit together train side by side.
import type { RunEvent } from './events.ts';
import { openPlaces } from './group-place.ts';
import { runTraining } from './run.ts';
import type { RunOptions } from './run-context.ts';

/** What a run of the group tells, or the error that ended it; the others go on. */
export type GroupEvent =
  | { readonly run: number; readonly event: RunEvent }
  | { readonly run: number; readonly error: unknown };

interface Told {
  readonly what: GroupEvent;
  /** Lets the run go on. */
  readonly heard: () => void;
}

/** Runs all of them. They start one after the other, so that what they share (decoded pictures, features, the probe) is made once. */
export async function* runGroup(runs: readonly RunOptions[]): AsyncGenerator<GroupEvent, void, void> {
  const places = openPlaces(runs.length);
  const told: Told[] = [];
  let wake = () => {};
  let left = runs.length;
  const closing = new AbortController();
  const tell = (what: GroupEvent) =>
    new Promise<void>((heard) => {
      if (closing.signal.aborted) return heard();
      told.push({ what, heard });
      wake();
    });
  const follow = async (options: RunOptions, run: number) => {
    const place = places[run]!;
    try {
      const signal = AbortSignal.any([closing.signal, ...(options.signal ? [options.signal] : [])]);
      for await (const event of runTraining({ ...options, place, signal })) await tell({ run, event });
    } catch (error) {
      await tell({ run, error });
    } finally {
      place.leave();
      left--;
      wake();
    }
  };
  const starting = (async () => {
    for (const [run, options] of runs.entries()) {
      void follow(options, run);
      await places[run]!.settled;
    }
  })();
  const changed = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (left === 0 || told.length > 0) resolve();
    });
  try {
    while (left > 0 || told.length > 0) {
      const next = told[0];
      if (!next) {
        await changed();
        continue;
      }
      yield next.what;
      told.shift();
      next.heard();
    }
  } finally {
    // Whoever listened may have gone: the runs save what they have and end.
    closing.abort();
    for (const { heard } of told.splice(0)) heard();
    await starting;
    while (left > 0) await changed();
  }
}
