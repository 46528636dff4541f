// What goes on in the store, for all who look on: one reader whatever their number, and nobody is told the same twice.

import { readStanding } from '../../study/look.ts';
import { silence } from '../../study/silence.ts';
import type { Store } from '../../study/store.ts';
import type { Snapshot, StudySummary } from '../api.ts';
import type { StoreLease } from './store-lease.ts';

/** Milliseconds between two looks, at least and at most. */
const beat = { least: 1000, most: 5000 };
/** A look takes the store's owner some time: it gets ten times as much without one. */
const restFactor = 10;

export interface Live {
  /** The newest snapshot; reads the store where nobody looks on. */
  current(): Promise<Snapshot>;
  /** Calls `tell` with the newest snapshot now and after each change, until the returned function is called. */
  follow(tell: (text: string) => void): () => void;
  /** Looks at once, after something was changed from here. */
  wake(): void;
  close(): void;
}

/** Reads all studies. Those that were done keep their standing: a done study never changes. */
function snapshots() {
  const done = new Map<string, StudySummary>();
  return async (store: Store): Promise<Snapshot> => {
    const workers = await store.workers(Date.now() - silence);
    const studies: StudySummary[] = [];
    for (const study of await store.studies()) {
      const known = done.get(study.id);
      const summary = known ?? {
        id: study.id,
        created: study.created,
        ...(await readStanding(store, study, workers)),
      };
      if (study.status === 'done') done.set(study.id, summary);
      studies.push(summary);
    }
    return { studies, workers };
  };
}

export function liveView(lease: StoreLease): Live {
  const read = snapshots();
  const followers = new Set<(text: string) => void>();
  let last: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let stale = true;

  const look = async (): Promise<Snapshot> => {
    if (!lease.exists()) return { studies: [], workers: [] };
    const snapshot = await lease.use(read);
    // Signs of life are no news: what they bring (progress) is.
    const workers = snapshot.workers.map((worker) => ({ ...worker, heartbeat: 0 }));
    const text = JSON.stringify({ ...snapshot, workers });
    if (text !== last) for (const tell of followers) tell(text);
    last = text;
    return snapshot;
  };

  async function tick(): Promise<void> {
    clearTimeout(timer);
    if (looking) return;
    looking = true;
    const started = performance.now();
    try {
      const shared = await lease.shared();
      // The last look after the owner went away tells how it ended.
      if (shared || stale) await look();
      stale = shared;
    } catch {
      stale = true; // the next look tries again
    }
    looking = false;
    const rest = restFactor * (performance.now() - started);
    if (followers.size > 0) timer = setTimeout(tick, Math.min(beat.most, Math.max(beat.least, rest)));
  }

  return {
    current: look,
    follow(tell) {
      followers.add(tell);
      if (last !== undefined) tell(last);
      void tick();
      return () => {
        followers.delete(tell);
      };
    },
    wake() {
      stale = true;
      void tick();
    },
    close() {
      followers.clear();
      clearTimeout(timer);
    },
  };
}
