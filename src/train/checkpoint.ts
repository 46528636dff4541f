// The saved state of an unfinished run: parameters, optimizer state and progress in one safetensors file, replaced whole,
// so that a kill at any moment leaves the last save or the one before.
import { stat } from 'node:fs/promises';
import { messageOf, RunError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { openSafetensors, writeSafetensors } from '../formats/safetensors-file.ts';
import { writeFailure } from './run-folder.ts';

/** Where a run stands between two steps. */
export interface Progress {
  /** Optimizer steps done in all; epochs done; steps done of the epoch under way. */
  readonly step: number;
  readonly epoch: number;
  readonly stepInEpoch: number;
  /** Sums over the epoch under way: loss x pictures, right predictions, pictures. */
  readonly lossSum: number;
  readonly right: number;
  readonly seen: number;
  /** Seconds of training so far, over all sittings. */
  readonly seconds: number;
  /** Best validation accuracy and its epoch (0-based; -1 = none yet). */
  readonly bestTop1: number;
  readonly bestEpoch: number;
}

export interface Checkpoint {
  readonly runId: string;
  readonly microBatch: number;
  readonly threads: number;
  readonly progress: Progress;
  /** `param:<slab>`, `<slot>:<slab>` and, where the best epoch is kept, `best:param:<slab>`. */
  readonly tensors: Readonly<Record<string, Tensor<'float32'>>>;
}

const format = 'vitune-state-1';

/** Throws RunError where it can't be written; the old file is then still whole. */
export async function saveCheckpoint(path: string, { tensors, ...rest }: Checkpoint): Promise<void> {
  try {
    await writeSafetensors(path, Object.entries(tensors), { format, state: JSON.stringify(rest) });
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

/** The saved state, or undefined where there is none yet. Throws RunError for a file that is no such state. */
export async function loadCheckpoint(path: string): Promise<Checkpoint | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  try {
    const file = await openSafetensors(path);
    if (file.metadata.format !== format) throw new Error(`its format is ${file.metadata.format}, not ${format}`);
    const rest = JSON.parse(file.metadata.state!) as Omit<Checkpoint, 'tensors'>;
    const tensors: Record<string, Tensor<'float32'>> = {};
    for (const name of file.tensors.keys()) tensors[name] = (await file.read(name)) as Tensor<'float32'>;
    return { ...rest, tensors };
  } catch (cause) {
    throw new RunError(
      `${path}: is not a saved state that can be resumed: ${messageOf(cause)}; train anew with another --out`,
      { cause },
    );
  }
}
