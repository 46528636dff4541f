// What advice has found so far, in one file beside its probes: a question that was interrupted goes on from there.
import { join } from 'node:path';
import { RunError } from '../base/errors.ts';
import { readJson, writeJson } from '../train/run-folder.ts';
import type { ProbeRecord } from './advice.ts';

export interface AdviceState {
  readonly format: 'vitune-advice-1';
  readonly id: string;
  readonly head: { readonly top1: number; readonly pictures: number } | undefined;
  readonly secondsPerPicture: number;
  /** Epochs of each probe, fixed by the first budget. */
  readonly probeEpochs: number;
  readonly probes: readonly ProbeRecord[];
  /** Of all sittings. */
  readonly seconds: number;
}

export const stateFile = 'advice.json';

/** The state of this very question; undefined where the folder holds none. Throws RunError where it holds another's. */
export async function readState(folder: string, id: string): Promise<AdviceState | undefined> {
  const held = await readJson<AdviceState>(join(folder, stateFile));
  if (!held) return undefined;
  if (held.format !== 'vitune-advice-1' || held.id !== id)
    throw new RunError(`${folder}: holds the answer to another question (${held.id}); give another --out`);
  return held;
}

export const writeState = (folder: string, state: AdviceState): Promise<void> =>
  writeJson(join(folder, stateFile), state);
