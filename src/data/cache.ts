// Decoded pictures, kept on disk as bytes in one packed file per (pictures, geometry), so that a second run starts at once
// and memory stays flat. An index beside the pack tells what it holds; both are written whole before they get their names.
import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import { join } from 'node:path';
import { DataError, messageOf } from '../base/errors.ts';
import { canonicalJson, identity, type Json, sha256 } from '../base/identity.ts';
import type { Picture } from './dataset.ts';
import { decode } from './decode.ts';
import { type Geometry, transform } from './transform.ts';

/** Raised when decoding, resizing or the layout of a pack changes: old packs are then left alone. */
const version = 1;

export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.VITUNE_CACHE || join(base, 'vitune');
}

export interface Unreadable {
  readonly name: string;
  readonly reason: string;
}

interface Index {
  readonly version: number;
  /** SHA-256 over names, labels and contents of all pictures, readable or not. */
  readonly fingerprint: string;
  readonly unreadable: readonly Unreadable[];
  readonly bytesPerPicture: number;
  readonly count: number;
}

export interface Pack {
  readonly fingerprint: string;
  /** The readable pictures in their given order: rows of the pack. */
  readonly pictures: readonly Picture[];
  readonly unreadable: readonly Unreadable[];
  readonly bytesPerPicture: number;
  /** Copies picture `index` into `out` at byte `offset`. */
  copy(index: number, out: Uint8Array, offset: number): void;
  close(): void;
}

export interface PackOptions {
  readonly pictures: readonly Picture[];
  readonly geometry: Geometry;
  /** Throw at the first unreadable picture instead of leaving it out. */
  readonly strict: boolean;
  readonly folder?: string;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Opens the pack of these pictures, making it first where it isn't there. Throws DataError. */
export async function openPack(options: PackOptions): Promise<Pack> {
  const { pictures, geometry, strict } = options;
  const folder = join(options.folder ?? cacheFolder(), 'pictures');
  const stamps = await inOrder(pictures, async ({ name, label, stamp }) => [name, label, await stamp()]);
  const key = identity({ version, geometry: geometry as unknown as Json, stamps: sha256(canonicalJson(stamps)) });
  const path = join(folder, `${key}.u8`);
  const index = (await knownIndex(path)) ?? (await build(options, folder, path));
  if (strict && index.unreadable.length > 0)
    throw new DataError(`--strict: ${index.unreadable.length} unreadable, first ${index.unreadable[0]!.reason}`);
  const left = new Set(index.unreadable.map(({ name }) => name));
  const file = openSync(path, 'r');
  const { bytesPerPicture } = index;
  return {
    fingerprint: index.fingerprint,
    pictures: pictures.filter(({ name }) => !left.has(name)),
    unreadable: index.unreadable,
    bytesPerPicture,
    copy(i, out, offset) {
      const read = readSync(file, out, offset, bytesPerPicture, i * bytesPerPicture);
      if (read !== bytesPerPicture) throw new DataError(`${path}: was changed while in use; remove it and run again`);
    },
    close: () => closeSync(file),
  };
}

/** The index of a whole pack, or undefined. */
async function knownIndex(path: string): Promise<Index | undefined> {
  try {
    const index = JSON.parse(await readFile(`${path}.json`, 'utf8')) as Index;
    const { size } = await stat(path);
    return index.version === version && size === index.count * index.bytesPerPicture ? index : undefined;
  } catch {
    return undefined;
  }
}

async function build(
  { pictures, geometry, strict, onProgress }: PackOptions,
  folder: string,
  path: string,
): Promise<Index> {
  const temporary = `${path}.${process.pid}.tmp`;
  const bytesPerPicture = geometry.imageSize[0] * geometry.imageSize[1] * 3;
  const unreadable: Unreadable[] = [];
  const hashes: string[] = [];
  let count = 0;
  try {
    await mkdir(folder, { recursive: true });
    const pack = await open(temporary, 'w');
    try {
      const each = async (picture: Picture) => {
        try {
          const bytes = await picture.read();
          const hash = sha256(bytes);
          return {
            hash,
            pixels: transform(await decode(picture.name, bytes, Math.max(...geometry.imageSize)), geometry),
          };
        } catch (cause) {
          return { hash: 'unreadable', failure: cause };
        }
      };
      let done = 0;
      for await (const { item, result } of pipeline(pictures, each)) {
        if ('failure' in result) {
          const reason = messageOf(result.failure).replace(/^ENOENT.*/, `${item.name}: no such file`);
          if (strict) throw new DataError(`--strict: ${reason}`, { cause: result.failure });
          unreadable.push({ name: item.name, reason });
        } else {
          await pack.write(result.pixels);
          count++;
        }
        hashes.push(canonicalJson([item.name, item.label, result.hash]));
        onProgress?.(++done, pictures.length);
      }
      await pack.sync();
    } finally {
      await pack.close();
    }
    const index: Index = { version, fingerprint: sha256(hashes.join('\n')), unreadable, bytesPerPicture, count };
    await rename(temporary, path);
    const note = await open(`${path}.json.${process.pid}.tmp`, 'w');
    await note.writeFile(JSON.stringify(index));
    await note.close();
    await rename(`${path}.json.${process.pid}.tmp`, `${path}.json`);
    return index;
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (cause instanceof DataError) throw cause;
    const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : messageOf(cause);
    throw new DataError(
      `${folder}: decoded pictures can't be kept here: ${full}; free some space, or set VITUNE_CACHE to another folder`,
      { cause },
    );
  }
}

async function inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  for await (const { result } of pipeline(items, work)) out.push(result);
  return out;
}

/** Works on a few items at once and yields results in the items' order; at most that many results wait in memory. */
async function* pipeline<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): AsyncGenerator<{ item: T; result: R }> {
  const width = 2 * availableParallelism();
  const running: Promise<R>[] = [];
  for (let i = 0; i < items.length; i++) {
    while (running.length < width && i + running.length < items.length) running.push(work(items[i + running.length]!));
    yield { item: items[i]!, result: await running.shift()! };
  }
}
