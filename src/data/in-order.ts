// Work on many items a few at a time, with the results in the items' order.
import { availableParallelism } from 'node:os';

/** Twice the cores: one half decodes while the other waits for the disk. */
const width = 2 * availableParallelism();

/**
 * Yields results in the items' order; at most `width` items are at work or wait in memory. `work` must not reject: a
 * rejection while an earlier item is awaited would be nobody's.
 */
export async function* inOrder<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): AsyncGenerator<{ item: T; result: R }> {
  const running: Promise<R>[] = [];
  for (let i = 0; i < items.length; i++) {
    while (running.length < width && i + running.length < items.length) running.push(work(items[i + running.length]!));
    yield { item: items[i]!, result: await running.shift()! };
  }
}
