// Adapters of the store, put on their backbones to be tried on a picture, at any alpha of WiSE-FT. The last few stay loaded;
// pictures go through one after the other.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunError } from '../../base/errors.ts';
import { locateModel } from '../../model/locate.ts';
import type { Store } from '../../study/store.ts';
import { type Host, openHost } from '../../train/host.ts';
import { runFiles } from '../../train/run-folder.ts';
import { type Tuned, tunedOn } from '../../train/tuned.ts';
import type { Guess } from '../api.ts';
import type { StoreLease } from './store-lease.ts';

export interface Adapters {
  /** Classes of an encoded picture by a trial's adapter, most likely first. Throws RunError, CheckpointError, DataError. */
  guess(trial: string, alpha: number, picture: { readonly name: string; readonly bytes: Uint8Array }): Promise<Guess>;
  close(): Promise<void>;
}

/** Adapters that stay loaded: an alpha each, so that a slider moved to and fro needs no loading. */
const mostLoaded = 6;
/** Threads: a study may need the others. */
const threads = 1;

async function writeAdapter(store: Store, trial: string, folder: string): Promise<void> {
  for (const name of [runFiles.adapterConfig, runFiles.adapter]) {
    const bytes = await store.artifact(trial, name);
    if (!bytes) throw new RunError(`trial ${trial}: keeps no adapter; only finished runs do`);
    await writeFile(join(folder, name), bytes);
  }
}

export function adapters(lease: StoreLease): Adapters {
  const hosts = new Map<string, Promise<Host>>();
  const loaded = new Map<string, Promise<Tuned>>();
  let turn: Promise<unknown> = Promise.resolve();

  /** One host a backbone: it was found under the plan's name for it, which may be an embedded one. */
  function hostOf(model: string): Promise<Host> {
    const host = hosts.get(model) ?? openHost({ threads, model: locateModel(model), shareWeights: true });
    hosts.set(model, host);
    host.catch(() => hosts.delete(model));
    return host;
  }

  async function load(trial: string, alpha: number): Promise<Tuned> {
    const folder = await mkdtemp(join(tmpdir(), 'vitune-adapter-'));
    try {
      const spec = await lease.use(async (store) => {
        await writeAdapter(store, trial, folder);
        return store.spec(trial);
      });
      return tunedOn(await (await hostOf(spec.run.model)).load(folder, { wiseAlpha: alpha }));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async function tunedAt(trial: string, alpha: number): Promise<Tuned> {
    const key = `${trial} ${alpha}`;
    const tuned = loaded.get(key) ?? load(trial, alpha);
    loaded.delete(key);
    loaded.set(key, tuned); // the newest is the last
    tuned.catch(() => loaded.delete(key));
    await tuned;
    while (loaded.size > mostLoaded) {
      const [oldest, old] = loaded.entries().next().value!;
      loaded.delete(oldest);
      await (await old).dispose();
    }
    return tuned;
  }

  return {
    guess(trial, alpha, picture) {
      const mine = turn.then(async () => {
        const [prediction] = await (await tunedAt(trial, alpha)).predict([picture]);
        return { classes: prediction!.classes };
      });
      turn = mine.catch(() => {});
      return mine;
    },
    async close() {
      await turn;
      for (const tuned of loaded.values()) await (await tuned).dispose();
      loaded.clear();
    },
  };
}
