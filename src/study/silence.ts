// When a worker counts as dead, and what becomes of the trials that it held.
import type { Store } from './store.ts';

/** Milliseconds without a sign of life after which a worker counts as dead: a training step of a large model blocks that long. */
export const silence = 60_000;

/** Gives back what workers held that were not heard from. */
export async function dropSilent(store: Store): Promise<void> {
  for (const dead of await store.silentWorkers(Date.now() - silence)) await store.dropWorker(dead, 'lost');
}
