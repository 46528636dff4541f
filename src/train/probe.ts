// The probe before a run: how many pictures to run at once, how long the run will take and how much memory it needs. The
// choice is remembered on disk, because the size of micro-batches decides in which order sums are taken, and two runs with
// one seed must agree to the last bit.
import { mkdir } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { identity, type Json } from '../base/identity.ts';
import { readJson, writeJson } from './run-folder.ts';

export interface ProbeResult {
  readonly microBatch: number;
  readonly secondsPerPicture: number;
  readonly peakMemoryBytes: number;
}

/** Activations of one layer that stay in a core's caches: measured best on ViT-B (4 pictures) and ViT-S at 98 px (32). */
const cacheBytes = 8 * 2 ** 20;

/** A candidate has to be this much faster than the rule's size to replace it, so that noise never decides. */
const clearGain = 0.15;

/** Pictures at once by rule of thumb: a power of two, at most the batch. `widest`: numbers of a picture in the largest layer. */
export function ruleOfThumb(widest: number, batchSize: number): number {
  const perPicture = widest * 4;
  const size = 2 ** Math.max(0, Math.round(Math.log2(cacheBytes / perPicture)));
  return Math.min(size, batchSize);
}

/**
 * Chooses the micro-batch by timing one step of each candidate, or recalls an earlier choice for the same work on the same
 * machine. `time` runs one warm-up and one timed step and returns seconds.
 */
export async function probe(args: {
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

  const rule = wanted || ruleOfThumb(widest, batchSize);
  const candidates = wanted
    ? [wanted]
    : [rule, rule / 2, rule * 2].filter((m) => Number.isInteger(m) && m <= batchSize);
  const timed: { microBatch: number; secondsPerPicture: number }[] = [];
  for (const microBatch of candidates)
    timed.push({ microBatch, secondsPerPicture: (await time(microBatch)) / microBatch });
  const [first, ...others] = timed;
  const fastest = others.reduce((a, b) => (b.secondsPerPicture < a.secondsPerPicture ? b : a), first!);
  const chosen = fastest.secondsPerPicture < first!.secondsPerPicture * (1 - clearGain) ? fastest : first!;
  const result = { ...chosen, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 };
  // A cache that can't be written only costs the next run its time.
  await mkdir(join(cacheFolder, 'probes'), { recursive: true })
    .then(() => writeJson(path, result))
    .catch(() => undefined);
  return result;
}
