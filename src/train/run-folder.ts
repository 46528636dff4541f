// A run's folder: which files it holds, who may write there, and writes that are whole or not at all.
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { messageOf, RunError } from '../base/errors.ts';
import { canonicalJson, type Json } from '../base/identity.ts';

export const runFiles = {
  spec: 'run.json',
  environment: 'environment.json',
  data: 'data.json',
  metrics: 'metrics.jsonl',
  table: 'metrics.csv',
  valLogits: 'val_logits.safetensors',
  testLogits: 'test_logits.safetensors',
  /** Accuracy from the network before tuning to the tuned one. */
  wise: 'wise.json',
  adapterConfig: 'adapter_config.json',
  adapter: 'adapter_model.safetensors',
  /** Where the head started, if not from draws: what WiSE-FT goes back to. */
  headStart: 'head_start.safetensors',
  /** Everything needed to go on; gone once the run is done. */
  state: 'state.safetensors',
  lock: 'lock.json',
} as const;

/** Turns a failed write into one clear line. */
export function writeFailure(path: string, cause: unknown): RunError {
  const code = (cause as NodeJS.ErrnoException).code;
  const why =
    code === 'ENOSPC' ? 'the disk is full; free some space and run the same command with --resume' : messageOf(cause);
  return new RunError(`${path}: can't be written: ${why}`, { cause });
}

/** Writes a whole file or leaves the old one. Throws RunError. */
export async function writeWhole(path: string, contents: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(contents);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw writeFailure(path, cause);
  }
}

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeWhole(path, `${JSON.stringify(value, null, 2)}\n`);

/** A JSON file of the run, or undefined where it isn't there. Throws RunError where it can't be read. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new RunError(`${path}: can't be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new RunError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
}

/** A folder is free, or holds this very run and is to be resumed. Throws RunError otherwise, with the fields that differ. */
export async function checkRunFolder(folder: string, id: string, spec: Json, resume: boolean): Promise<void> {
  const held = await readJson<{ id: string; spec: Json; status: string }>(join(folder, runFiles.spec));
  if (!held) return;
  if (held.id !== id) {
    const lines = differences(held.spec, spec);
    throw new RunError(`${folder}: already holds another run (${held.id}); give another --out`, {
      lines: lines.length > 0 ? lines : ['the contents of the data or of the model changed'],
    });
  }
  if (held.status === 'done')
    throw new RunError(`${folder}: this run is done; evaluate it, or give another --out to train anew`);
  if (!resume)
    throw new RunError(`${folder}: holds this run, unfinished; add --resume to go on, or give another --out`);
}

/** `- training.seed 0`, `+ training.seed 1` for every field that differs. */
function differences(a: Json, b: Json, path = ''): string[] {
  const isObject = (v: Json): v is { readonly [key: string]: Json } =>
    typeof v === 'object' && v !== null && !Array.isArray(v);
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      differences(a[key] ?? null, b[key] ?? null, path ? `${path}.${key}` : key),
    );
  return canonicalJson(a) === canonicalJson(b)
    ? []
    : [`- ${path} ${canonicalJson(a)}`, `+ ${path} ${canonicalJson(b)}`];
}

interface Lock {
  readonly pid: number;
  readonly host: string;
}

function isAlive({ pid, host }: Lock): boolean {
  if (host !== hostname()) return true; // can't be known from here
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The living process that holds the folder, if any; a torn lock is nobody's. */
async function livingHolderOf(folder: string): Promise<Lock | undefined> {
  const holder = await readJson<Lock>(join(folder, runFiles.lock)).catch(() => undefined);
  return holder && isAlive(holder) ? holder : undefined;
}

/** The same, other than this one. */
async function holderOf(folder: string): Promise<Lock | undefined> {
  const holder = await livingHolderOf(folder);
  return holder?.pid === process.pid ? undefined : holder;
}

/** Whether a process trains in this folder now. One on another machine can't be asked: its lock is believed. */
export const isTraining = async (folder: string): Promise<boolean> => (await livingHolderOf(folder)) !== undefined;

/**
 * For a caller that knows the folder to be its own by other means: waits up to `milliseconds` for the process that held it
 * before to be gone, then takes its lock away (its number may belong to another process by now).
 */
export async function clearRunFolder(folder: string, milliseconds: number): Promise<void> {
  const started = performance.now();
  while ((await holderOf(folder)) && performance.now() - started < milliseconds)
    await new Promise((wake) => setTimeout(wake, 100));
  await rm(join(folder, runFiles.lock), { force: true });
}

/** Makes the folder and takes it for this process. Throws RunError while another living process holds it. */
export async function takeRunFolder(folder: string): Promise<{ release(): Promise<void> }> {
  const path = join(folder, runFiles.lock);
  try {
    await mkdir(folder, { recursive: true });
    const holder = await holderOf(folder);
    if (holder)
      throw new RunError(
        `${folder}: process ${holder.pid} on ${holder.host} is training here; wait for it, or give another --out`,
      );
    await writeFile(path, JSON.stringify({ pid: process.pid, host: hostname() } satisfies Lock));
  } catch (cause) {
    throw cause instanceof RunError ? cause : writeFailure(folder, cause);
  }
  return { release: () => rm(path, { force: true }) };
}
