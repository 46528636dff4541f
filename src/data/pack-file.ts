// A pack on disk: `<key>.u8` holds pictures of equal size end to end, `<key>.u8.json` says what they are. Each is written
// under a name of its own and renamed when whole, so that several processes may make the same pack at once.
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../base/errors.ts';

export interface Unreadable {
  readonly name: string;
  readonly reason: string;
}

export interface PackIndex {
  readonly version: number;
  readonly unreadable: readonly Unreadable[];
  readonly bytesPerPicture: number;
  /** Pictures in the pack: the readable ones. */
  readonly count: number;
}

/** Whole pictures by index. */
export interface PackReader {
  /** Copies picture `index` into `out` at byte `offset`. */
  copy(index: number, out: Uint8Array, offset: number): void;
  close(): void;
}

/** Unfinished files older than this belong to no running process: they are what a killed one left behind. */
const staleMs = 24 * 3600 * 1000;

const temporaryFor = (path: string) => `${path}.${randomUUID()}.tmp`;

/** Writes a whole file or leaves the old one. Rejects with the system's error. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = temporaryFor(path);
  try {
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** The index of a whole pack, or undefined where there is none, or a damaged one. */
export async function readIndex(path: string, version: number): Promise<PackIndex | undefined> {
  try {
    const index = JSON.parse(await readFile(`${path}.json`, 'utf8')) as PackIndex;
    const { size } = await stat(path);
    const good = index.version === version && Array.isArray(index.unreadable);
    return good && size === index.count * index.bytesPerPicture ? index : undefined;
  } catch {
    return undefined;
  }
}

/** Fills a pack: `fill` calls `add` for every picture and returns the index. Rejects with the system's error or `fill`'s. */
export async function writePack(
  path: string,
  fill: (add: (pixels: Uint8Array) => Promise<void>) => Promise<PackIndex>,
): Promise<PackIndex> {
  const temporary = temporaryFor(path);
  try {
    const file = await open(temporary, 'wx');
    let index: PackIndex;
    try {
      index = await fill((pixels) => file.writeFile(pixels)); // goes on after a short write; `write` does not
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await replaceFile(`${path}.json`, JSON.stringify(index));
    return index;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Reads `count` pictures from `first` on into `out` at byte `offset`; `close` ends it. */
function openRows(path: string, bytesPerPicture: number) {
  const file = openSync(path, 'r');
  return {
    read(first: number, count: number, out: Uint8Array, offset: number): void {
      const bytes = count * bytesPerPicture;
      if (readSync(file, out, offset, bytes, first * bytesPerPicture) !== bytes)
        throw new DataError(`${path}: was changed while in use; remove it and run again`);
    },
    close: () => closeSync(file),
  };
}

/** Opens a pack that `readIndex` or `writePack` vouched for. */
export function openReader(path: string, bytesPerPicture: number): PackReader {
  const rows = openRows(path, bytesPerPicture);
  return { copy: (index, out, offset) => rows.read(index, 1, out, offset), close: rows.close };
}

/** Bytes that `openOrderedReader` holds. */
const windowBytes = 2 ** 20;

/**
 * As `openReader`, for small pictures that are read in order: one call to the system for a mebibyte of them instead of one for
 * each. Any other order gives the same bytes, slowly.
 */
export function openOrderedReader(path: string, { bytesPerPicture, count }: PackIndex): PackReader {
  const rows = openRows(path, bytesPerPicture);
  const most = Math.min(Math.max(1, Math.floor(windowBytes / bytesPerPicture)), count);
  const window = new Uint8Array(most * bytesPerPicture);
  let first = 0;
  let held = 0;
  return {
    copy(index, out, offset) {
      if (index < first || index >= first + held) {
        held = 0; // a read that fails leaves nothing to believe
        first = index;
        const wanted = Math.min(most, count - index);
        rows.read(first, wanted, window, 0);
        held = wanted;
      }
      const from = (index - first) * bytesPerPicture;
      out.set(window.subarray(from, from + bytesPerPicture), offset);
    },
    close: rows.close,
  };
}

/** Removes what killed processes left unfinished in `folder`. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > staleMs) await rm(path, { force: true }).catch(() => undefined);
  }
}
