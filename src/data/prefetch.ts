// Pictures read and augmented ahead of their use, in a thread of their own: a native training step holds the main thread
// from its start to its end, so nothing else could be done there meanwhile.
import { startThreads, type Threads } from './threads.ts';
import type { ViewOptions } from './view.ts';

export interface PrefetchData {
  readonly path: string;
  readonly options: ViewOptions;
}

export interface PrefetchQuestion {
  readonly indices: readonly number[];
  readonly epoch: number;
}

/** Lists that may be ahead at once; a list that nobody came for is dropped when two newer ones are known. */
const ahead = 2;

interface Expected {
  readonly key: string;
  readonly pixels: Promise<Uint8Array>;
}

export interface Prefetch {
  /** Says which pictures will be asked for soon, as one list. */
  expect(indices: readonly number[], epoch: number): void;
  /** The pictures of a list end to end, if it was expected; once. Rejects where the pack was changed while in use. */
  take(indices: readonly number[], epoch: number): Promise<Uint8Array> | undefined;
  close(): void;
}

const keyOf = (indices: readonly number[], epoch: number) => `${epoch}:${indices.join()}`;

/** The thread starts with the first list. */
export function createPrefetch(data: PrefetchData): Prefetch {
  let threads: Threads<PrefetchQuestion, Uint8Array> | undefined;
  const expected: Expected[] = [];
  return {
    expect(indices, epoch) {
      const key = keyOf(indices, epoch);
      if (expected.some((other) => other.key === key)) return;
      threads ??= startThreads('prefetch-worker', 1, data);
      const pixels = threads.ask({ indices, epoch });
      pixels.catch(() => undefined); // told to whoever takes it
      expected.push({ key, pixels });
      if (expected.length > ahead) expected.shift();
    },
    take(indices, epoch) {
      const key = keyOf(indices, epoch);
      const at = expected.findIndex((other) => other.key === key);
      return at < 0 ? undefined : expected.splice(at, 1)[0]!.pixels;
    },
    close() {
      threads?.close();
      threads = undefined;
    },
  };
}
