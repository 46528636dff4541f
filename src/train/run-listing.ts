// The runs in a folder, for whoever looks on: read from their files, which a run replaces whole, so that looking disturbs none.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJsonLines } from '../formats/json-lines.ts';
import { isTraining, readJson, runFiles } from './run-folder.ts';

const metrics = z.object({ top1: z.number(), loss: z.number() });

const epoch = z.object({
  /** From 0. */
  epoch: z.number(),
  train: metrics,
  val: metrics.optional(),
  seconds: z.number(),
});

/** What is shown of a run's record; the rest is the run's own affair. */
const record = z.object({
  status: z.string(),
  spec: z.object({
    data: z.string(),
    model: z.string(),
    methods: z.array(z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) })),
    training: z.object({ epochs: z.number(), batchSize: z.number(), learningRate: z.number(), seed: z.number() }),
  }),
  trainableWithoutHead: z.number(),
  result: z.object({ tests: z.record(z.string(), metrics), seconds: z.number() }).optional(),
});

export type ListedEpoch = z.infer<typeof epoch>;

export interface ListedRun {
  /** Its folder's name. */
  readonly name: string;
  /** `stopped`: neither done nor in a living process; `vitune train --resume` goes on. */
  readonly state: 'running' | 'stopped' | 'done';
  readonly spec: z.infer<typeof record>['spec'];
  /** Trained scalars without the head. */
  readonly trainable: number;
  readonly epochs: readonly ListedEpoch[];
  /** By test set; of a run that is done. */
  readonly tests: Readonly<Record<string, z.infer<typeof metrics>>> | undefined;
  /** Of training so far. */
  readonly seconds: number;
  /** When something of it was written last, milliseconds since 1970. */
  readonly changed: number;
}

/** Folders read at most: the newest. */
const mostRuns = 1000;
/** A run's record and its epochs take some kilobytes each; what takes more is no run's file. */
const mostBytes = 16 * 2 ** 20;

/** When a file was written last; undefined where there is none, or one that is too large to be a run's. */
async function timeOf(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() && found.size <= mostBytes ? found.mtimeMs : undefined;
}

/** Damaged lines cost the run its curve, not its place in the list. */
async function readEpochs(path: string): Promise<readonly ListedEpoch[]> {
  try {
    if ((await timeOf(path)) === undefined) return [];
    return parseJsonLines(await readFile(path, 'utf8')).map((line) => epoch.parse(line));
  } catch {
    return [];
  }
}

async function readRun(folder: string, name: string, changed: number): Promise<ListedRun | undefined> {
  const path = join(folder, name);
  const read = record.safeParse(await readJson<unknown>(join(path, runFiles.spec)).catch(() => undefined));
  if (!read.success) return undefined;
  const { status, spec, trainableWithoutHead: trainable, result } = read.data;
  const epochs = await readEpochs(join(path, runFiles.metrics));
  return {
    ...{ name, spec, trainable, epochs, changed },
    state: status === 'done' ? 'done' : (await isTraining(path)) ? 'running' : 'stopped',
    tests: result?.tests,
    seconds: result?.seconds ?? epochs.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** Reads a folder's runs, newest first; those that are done only once. No folder = no runs. */
export function runLister(folder: string): () => Promise<readonly ListedRun[]> {
  let known = new Map<string, ListedRun>();
  return async () => {
    const names = await readdir(folder).catch((): string[] => []);
    const found: { readonly name: string; readonly changed: number }[] = [];
    for (const name of names) {
      const own = await timeOf(join(folder, name, runFiles.spec));
      const epochs = await timeOf(join(folder, name, runFiles.metrics));
      if (own !== undefined) found.push({ name, changed: Math.max(own, epochs ?? 0) });
    }
    found.sort((a, b) => b.changed - a.changed || (a.name < b.name ? -1 : 1));
    const runs = new Map<string, ListedRun>();
    for (const { name, changed } of found.slice(0, mostRuns)) {
      const before = known.get(name);
      // Whether a process trains there shows in no file's time, so an unfinished one is read anew.
      const run =
        before?.changed === changed && before.state === 'done' ? before : await readRun(folder, name, changed);
      if (run) runs.set(name, run);
    }
    known = runs;
    return [...runs.values()];
  };
}
