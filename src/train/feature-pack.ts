// Features on disk: one row of numbers a picture, what the frozen part of a network makes of it, in one packed file per
// (pictures, frozen part, machine). A second run, another trial of a study, and every later epoch read them.
import { mkdir, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { OptionError } from '../base/errors.ts';
import { identity, sha256 } from '../base/identity.ts';
import type { Tensor } from '../base/tensor.ts';
import { cacheFolder } from '../data/cache.ts';
import {
  openOrderedReader,
  openReader,
  type PackIndex,
  type PackReader,
  readIndex,
  sweep,
  writePack,
} from '../data/pack-file.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Runtime } from '../runtime/session.ts';
import { pictureInput } from './picture-input.ts';
import type { StoredPictures } from './run-data.ts';

/** Raised when the layout of a pack changes: old ones are then left to be removed. */
const version = 1;

/** Bytes that all packs together may take, the longest unused go first: VITUNE_FEATURES_GB, or 10 GB. Throws OptionError. */
export function featureLimit(): number {
  const gigabytes = Number(process.env.VITUNE_FEATURES_GB ?? 10);
  if (gigabytes >= 0) return gigabytes * 1e9;
  throw new OptionError(`VITUNE_FEATURES_GB must be a number of gigabytes, got "${process.env.VITUNE_FEATURES_GB}"`);
}

/**
 * A pack up to this size is read into memory where its rows are drawn by chance: a call to the system for each row would take
 * longer than a step of a small head.
 */
const heldBytes = 64 * 2 ** 20;

export interface FeaturePackOptions {
  readonly pictures: StoredPictures;
  /** `pixels` (B, H, W, 3) -> `features` (B, width). */
  readonly model: GraphModel;
  /** Fingerprint of the weights, which the model only refers to. */
  readonly weights: string;
  readonly runtime: Runtime;
  /** How the rows will be read: as they lie, or shuffled. */
  readonly order: 'as they lie' | 'any';
  readonly onProgress: (done: number, total: number) => void;
}

/** Opens the rows of these pictures, computing them first where they aren't there. Rejects with the disk's error. */
export async function openFeaturePack(options: FeaturePackOptions): Promise<PackReader> {
  const { pictures, model, weights, runtime } = options;
  const folder = join(cacheFolder(), 'features');
  // All that decides the bits: sums depend on threads, engine and processor.
  const key = identity({
    version,
    pictures: pictures.key,
    model: sha256(model.bytes),
    weights,
    engine: runtime.engine,
    ...runtime.options,
    cpu: cpus()[0]?.model ?? 'unknown',
  });
  const path = join(folder, `${key}.f32`);
  let index = await readIndex(path, version);
  if (!index) {
    await mkdir(folder, { recursive: true });
    await sweep(folder);
    await makeRoom(folder, pictures.count * bytesPerRow(model));
    index = await writePack(path, (add) => computeAll(options, add));
  }
  // The time of last use, for makeRoom; another process may have removed the file already.
  await utimes(path, new Date(), new Date()).catch(() => undefined);
  return reader(path, index, options.order);
}

const bytesPerRow = (model: GraphModel): number => model.outputs.get('features')!.shape[1]! * 4;

async function computeAll(
  { pictures, model, runtime, onProgress }: FeaturePackOptions,
  add: (row: Uint8Array) => Promise<void>,
): Promise<PackIndex> {
  const input = pictureInput(model);
  const bytes = bytesPerRow(model);
  const session = await runtime.prepare(model);
  try {
    for (let first = 0; first < pictures.count; first += input.batch) {
      const count = Math.min(input.batch, pictures.count - first);
      for (let i = 0; i < count; i++) await pictures.copy(first + i, input.bytes, i * input.bytesPerPicture);
      const { data } = (await session.run(input.feeds)).features as Tensor<'float32'>;
      await add(new Uint8Array(data.buffer, data.byteOffset, count * bytes)); // rows past `count` are left-overs
      onProgress(first + count, pictures.count);
    }
  } finally {
    await session.dispose();
  }
  return { version, unreadable: [], bytesPerPicture: bytes, count: pictures.count };
}

async function reader(path: string, index: PackIndex, order: FeaturePackOptions['order']): Promise<PackReader> {
  const { count, bytesPerPicture } = index;
  if (order === 'as they lie') return openOrderedReader(path, index);
  if (count * bytesPerPicture > heldBytes) return openReader(path, bytesPerPicture);
  const { buffer, byteOffset, length } = await readFile(path);
  const all = new Uint8Array(buffer, byteOffset, length); // its parts are made faster than a Buffer's
  return {
    copy: (i, out, offset) => out.set(all.subarray(i * bytesPerPicture, (i + 1) * bytesPerPicture), offset),
    close: () => {},
  };
}

/** Removes the packs that were not used for longest until `bytes` more fit into the limit. */
async function makeRoom(folder: string, bytes: number): Promise<void> {
  const packs: { path: string; size: number; used: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.f32')) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found) packs.push({ path, size: found.size, used: found.mtimeMs });
  }
  packs.sort((a, b) => a.used - b.used);
  let total = bytes + packs.reduce((n, { size }) => n + size, 0);
  for (const { path, size } of packs) {
    if (total <= featureLimit()) return;
    // A run that has it open goes on reading it; where the system refuses that, it stays.
    const gone = await rm(path, { force: true }).then(
      () => true,
      () => false,
    );
    if (!gone) continue;
    await rm(`${path}.json`, { force: true });
    total -= size;
  }
}
