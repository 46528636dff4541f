// The store for a process that only looks on, for hours. An embedded database belongs to one process at a time, and a study
// that starts must get it at once: so it is held open only while somebody else owns it (then it is read through its owner), or
// for as long as one reading takes.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { livingOwner } from '../../study/db/owner.ts';
import { isServerUrl } from '../../study/db/url.ts';
import { openDatabase } from '../../study/open.ts';
import { openStore, type Store } from '../../study/store.ts';

export interface StoreLease {
  /** Hands the store to `work`, and does it again where the store's owner went away meanwhile. Throws what it throws. */
  use<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /** Whether another process has the store now: only then does it change. */
  shared(): Promise<boolean>;
  /** Whether another process runs a study on an embedded store: a second one can't be started. */
  busy(): Promise<boolean>;
  /** Whether there is a store yet. */
  exists(): boolean;
  close(): Promise<void>;
}

/**
 * Milliseconds that a store of one's own stays open after a reading: the next click often follows soon, and opening takes a
 * second. A study that starts meanwhile waits for it, ten times as long at most.
 */
const linger = 3000;
/** Milliseconds between two looks whether the owner is still there. */
const watch = 1000;
/** Owners that may go away during one reading. */
const maxTries = 5;

interface Held {
  readonly store: Store;
  /** The owner's socket; undefined = this process is the owner, or the store is a server's. */
  readonly socket: string | undefined;
  readonly gone: Promise<never>;
  lose(): void;
  users: number;
}

class OwnerGone extends Error {}

export function leaseStore(db: string): StoreLease {
  const server = isServerUrl(db);
  const folder = resolve(db);
  let held: Promise<Held> | undefined;
  let closing: NodeJS.Timeout | undefined;
  let closed = false;

  const otherOwner = async () => {
    if (server || !existsSync(folder)) return undefined;
    const owner = await livingOwner(folder);
    return owner && owner.pid !== process.pid ? owner : undefined;
  };

  async function open(): Promise<Held> {
    const store = openStore(await openDatabase(db, 'reader'));
    let lose = () => {};
    const gone = new Promise<never>((_, reject) => {
      lose = () => reject(new OwnerGone(`the process that had ${db} is gone`));
    });
    gone.catch(() => {});
    return { store, socket: (await otherOwner())?.socket, gone, lose, users: 0 };
  }

  function drop(): void {
    const old = held;
    held = undefined;
    void old
      ?.then(({ store, lose }) => {
        lose();
        return store.close();
      })
      .catch(() => {});
  }

  // Only a store that is read through its owner can lose it.
  const watcher = setInterval(() => {
    void held
      ?.then(async ({ socket }) => {
        if (socket !== undefined && (await otherOwner())?.socket !== socket) drop();
      })
      .catch(() => {});
  }, watch);
  watcher.unref();

  async function take(): Promise<Held> {
    clearTimeout(closing);
    const opening = held ?? open();
    held = opening;
    try {
      const taken = await opening;
      taken.users++;
      return taken;
    } catch (error) {
      if (held === opening) held = undefined;
      throw error;
    }
  }

  function give(taken: Held): void {
    taken.users--;
    if (server || taken.socket !== undefined || taken.users > 0) return;
    clearTimeout(closing);
    closing = setTimeout(drop, linger);
  }

  return {
    async use(work) {
      for (let tries = 1; ; tries++) {
        if (closed) throw new OwnerGone('the dashboard is closing');
        const taken = await take();
        const working = work(taken.store);
        working.catch(() => {}); // it may fail long after its owner went away
        try {
          return await Promise.race([working, taken.gone]);
        } catch (error) {
          if (!(error instanceof OwnerGone) || tries === maxTries) throw error;
        } finally {
          give(taken);
        }
      }
    },
    shared: async () => server || (await otherOwner()) !== undefined,
    busy: async () => (await otherOwner())?.role === 'study',
    exists: () => server || existsSync(folder),
    async close() {
      closed = true;
      clearInterval(watcher);
      clearTimeout(closing);
      const last = await held?.catch(() => undefined);
      held = undefined;
      last?.lose();
      await last?.store.close();
    },
  };
}
