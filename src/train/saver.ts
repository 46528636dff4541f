// When an unfinished run saves itself, and what: all that is needed to end in the same bits.
import { join } from 'node:path';
import { type Progress, saveCheckpoint } from './checkpoint.ts';
import type { Run } from './run-context.ts';
import { runFiles } from './run-folder.ts';
import { rename } from './run-state.ts';
import type { State } from './trainer.ts';

/** Seconds between two saves at least; saving may take up to this share of the time. */
const interval = Number(process.env.VITUNE_SAVE_SECONDS ?? 10);
const share = 0.02;

const seconds = (from: number): number => (performance.now() - from) / 1000;

export interface Saver {
  isDue(): boolean;
  /** Throws RunError where the disk can't take it; the save before is then still whole. */
  save(progress: Progress, state: State, best: State | undefined): Promise<void>;
}

export function createSaver({ id, folder, runtime }: Run, microBatch: number): Saver {
  let last = { at: performance.now(), took: 0 };
  return {
    isDue: () => seconds(last.at) > Math.max(interval, last.took / share),
    async save(progress, state, best) {
      const begun = performance.now();
      await saveCheckpoint(join(folder, runFiles.state), {
        runId: id,
        microBatch,
        threads: runtime.options.threads,
        progress,
        tensors: { ...state, ...(best ? rename(best, (name) => `best:${name}`) : {}) },
      });
      last = { at: performance.now(), took: seconds(begun) };
    },
  };
}
