// The probe before a run: how many pictures to run at once, how long the run will take and how much memory it needs. The
// choice is remembered on disk, because the size of micro-batches decides in which order sums are taken, and two runs with
// one seed must agree to the last bit.
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { identity, type Json } from '../base/identity.ts';
import { trainingAtOnce } from './at-once.ts';
import { readJson, writeJson } from './run-folder.ts';

export interface ProbeResult {
  readonly microBatch: number;
  readonly secondsPerPicture: number;
  readonly peakMemoryBytes: number;
}

/** A candidate has to be this much faster than the rule's size to replace it, so that noise never decides. */
const clearGain = 0.15;

type Timed = Pick<ProbeResult, 'microBatch' | 'secondsPerPicture'>;

const faster = (a: Timed, b: Timed): Timed => (b.secondsPerPicture < a.secondsPerPicture ? b : a);
const clearlyFaster = (a: Timed, b: Timed) => a.secondsPerPicture < b.secondsPerPicture * (1 - clearGain);

/**
 * Chooses the micro-batch by timing a step of the rule's size, of half and of twice as many, or recalls an earlier choice for
 * the same work on the same machine. `time` runs one warm-up and one timed step and returns seconds.
 */
export async function probe(args: {
  /** As `widestLayer` has it. */
  readonly widest: number;
  readonly batchSize: number;
  /** Given by the user; 0 = to be chosen. */
  readonly microBatch: number;
  /** What else decides the speed: methods, options, device, threads, engine. */
  readonly signature: Json;
  readonly cacheFolder: string;
  readonly time: (microBatch: number) => Promise<number>;
}): Promise<ProbeResult> {
  const { widest, batchSize, cacheFolder, time } = args;
  const wanted = Math.min(args.microBatch, batchSize);
  const key = identity({ signature: args.signature, batchSize, wanted, cpu: cpus()[0]?.model ?? 'unknown' });
  const path = join(cacheFolder, 'probes', `${key}.json`);
  const known = await readJson<ProbeResult>(path).catch(() => undefined);
  if (known && known.microBatch >= 1 && known.microBatch <= batchSize) return known;

  const timed = async (microBatch: number): Promise<Timed> => ({
    microBatch,
    secondsPerPicture: (await time(microBatch)) / microBatch,
  });
  const rule = wanted || trainingAtOnce(widest, batchSize);
  const others = wanted ? [] : [rule / 2, rule * 2].filter((m) => Number.isInteger(m) && m <= batchSize);
  let first = await timed(rule);
  let best = first;
  for (const other of others) best = faster(best, await timed(other));
  if (clearlyFaster(best, first)) {
    // One step a size tells little on a machine that does other things too: a change of mind is timed again.
    first = faster(first, await timed(rule));
    best = faster(best, await timed(best.microBatch));
  }
  const chosen = clearlyFaster(best, first) ? best : first;
  const result = { ...chosen, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
  // A cache that can't be written only costs the next run its time.
  await mkdir(join(cacheFolder, 'probes'), { recursive: true })
    .then(() => writeJson(path, result))
    .catch(() => undefined);
  return result;
}
