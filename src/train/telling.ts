// Turns work that reports by a callback into a generator of events.
import type { RunEvent } from './events.ts';

/** Milliseconds between two words on how far it is. */
const tellEvery = 200;

/** Does the work, telling how far it is. */
export async function* telling<T>(
  type: 'decoding' | 'features',
  start: (onProgress: (done: number, total: number) => void) => Promise<T>,
): AsyncGenerator<RunEvent, T, void> {
  const queue: RunEvent[] = [];
  let told = 0;
  let wake = () => {};
  const working = start((done, total) => {
    if (done < total && performance.now() - told < tellEvery) return;
    told = performance.now();
    queue.push({ type, done, total });
    wake();
  });
  let settled = false;
  const settle = () => {
    settled = true;
    wake();
  };
  working.then(settle, settle);
  while (!settled || queue.length > 0) {
    const event = queue.shift();
    if (event) yield event;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (settled) resolve();
      });
  }
  return await working;
}
