// Decoded pictures, kept on disk as bytes in one packed file per (contents, geometry), so that a second run starts at once
// and memory stays flat. Where the disk takes none they are held in memory, for this run only.
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { DataError, messageOf, VituneError } from '../base/errors.ts';
import { identity, type Json } from '../base/identity.ts';
import { fingerprintOf, listHash } from './content.ts';
import type { Picture, Warn } from './dataset.ts';
import { warnOnProcess } from './dataset.ts';
import { createDecoder, decodeThreads } from './decoder.ts';
import { inOrder } from './in-order.ts';
import {
  openReader,
  type PackIndex,
  type PackReader,
  readIndex,
  sweep,
  type Unreadable,
  writePack,
} from './pack-file.ts';
import type { Geometry } from './transform.ts';

export type { Unreadable } from './pack-file.ts';

/** Raised when decoding, resizing or the layout of a pack changes: old packs are then left alone. */
const version = 3;
/** Share of the free memory that pictures may take where the disk takes none; training needs the rest. */
const memoryShare = 0.5;

export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return process.env.VITUNE_CACHE || join(base, 'vitune');
}

export interface Pack extends PackReader {
  /** SHA-256 over names, labels and contents of all pictures, readable or not. */
  readonly fingerprint: string;
  /** Hash of the fingerprint and the geometry: what the bytes are. */
  readonly key: string;
  /** The readable pictures in their given order: rows of the pack. */
  readonly pictures: readonly Picture[];
  readonly unreadable: readonly Unreadable[];
  readonly bytesPerPicture: number;
  /** The pack's file; undefined where it is held in memory. */
  readonly path: string | undefined;
}

export interface PackOptions {
  readonly pictures: readonly Picture[];
  readonly geometry: Geometry;
  /** Throw at the first unreadable picture instead of leaving it out. */
  readonly strict: boolean;
  readonly folder?: string;
  /** Over names, labels and contents; left out = the files are looked at anew. */
  readonly fingerprintOf?: (pictures: readonly Picture[]) => Promise<string>;
  readonly onProgress?: (done: number, total: number) => void;
  /** Told, in one line, when the pictures can't be kept on disk. Left out = a process warning. */
  readonly onWarning?: Warn;
}

const pictureFolder = (base = cacheFolder()) => join(base, 'pictures');

/** Hex SHA-256 over names, labels and contents of pictures. */
export const listFingerprint = (pictures: readonly Picture[], folder = cacheFolder()): Promise<string> =>
  fingerprintOf(pictures, pictureFolder(folder));

/** Opens the pack of these pictures, making it first where it isn't there. Throws DataError. */
export async function openPack(options: PackOptions): Promise<Pack> {
  const { pictures, geometry, strict } = options;
  const folder = pictureFolder(options.folder);
  const fingerprint = await (options.fingerprintOf?.(pictures) ?? listFingerprint(pictures, options.folder));
  const key = identity({ version, geometry: geometry as unknown as Json, fingerprint });
  const path = join(folder, `${key}.u8`);
  const { index, reader, path: file } = await ready({ ...options, fingerprint }, folder, path);
  if (strict && index.unreadable.length > 0) {
    reader.close();
    throw new DataError(`--strict: ${index.unreadable.length} unreadable, first ${index.unreadable[0]!.reason}`);
  }
  const left = new Set(index.unreadable.map(({ name }) => name));
  return {
    fingerprint,
    key,
    pictures: pictures.filter(({ name }) => !left.has(name)),
    unreadable: index.unreadable,
    bytesPerPicture: index.bytesPerPicture,
    path: file,
    copy: reader.copy,
    close: reader.close,
  };
}

interface Order extends PackOptions {
  readonly fingerprint: string;
}

interface Ready {
  readonly index: PackIndex;
  readonly reader: PackReader;
  readonly path: string | undefined;
}

async function ready(options: Order, folder: string, path: string): Promise<Ready> {
  try {
    let index = await readIndex(path, version);
    if (!index) {
      await mkdir(folder, { recursive: true });
      await sweep(folder);
      index = await writePack(path, (add) => decodeAll(options, add));
    }
    return { index, reader: openReader(path, index.bytesPerPicture), path };
  } catch (cause) {
    if (cause instanceof VituneError) throw cause;
    return inMemory(options, folder, cause);
  }
}

/** The same pack without a disk. Throws DataError where memory is too small as well. */
async function inMemory(options: Order, folder: string, cause: unknown): Promise<Ready> {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : messageOf(cause);
  const refused = `${folder}: decoded pictures can't be kept here: ${full}`;
  const advice = 'free some space, or set VITUNE_CACHE to another folder';
  const needed = options.pictures.length * bytesIn(options.geometry);
  const free = process.availableMemory() * memoryShare;
  const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20)} MiB`;
  if (needed > free)
    throw new DataError(
      `${refused}; nor in memory, they take ${mebibytes(needed)} and ${mebibytes(free)} are to spare; ${advice}`,
      { cause },
    );
  (options.onWarning ?? warnOnProcess)(`${refused}; they stay in memory and the next run decodes again; ${advice}`);
  const kept: Uint8Array[] = [];
  const index = await decodeAll(options, async (pixels) => void kept.push(pixels));
  return {
    index,
    path: undefined,
    reader: { copy: (i, out, offset) => out.set(kept[i]!, offset), close: () => void kept.splice(0) },
  };
}

const bytesIn = ({ imageSize: [height, width] }: Geometry) => height * width * 3;

/** Decodes every picture in order. Throws DataError for the first unreadable one if `strict`. */
async function decodeAll(
  { pictures, geometry, strict, fingerprint, onProgress }: Order,
  add: (pixels: Uint8Array) => Promise<void>,
): Promise<PackIndex> {
  const unreadable: Unreadable[] = [];
  const seen = listHash();
  const decoder = createDecoder(decodeThreads(pictures.length));
  let done = 0;
  try {
    // A rejection inside `inOrder` would be nobody's: it is carried out as a value.
    const work = (picture: Picture) => decoder.prepare(picture, geometry).catch((error: unknown) => ({ error }));
    for await (const { item, result } of inOrder(pictures, work)) {
      if ('error' in result) throw result.error;
      if ('pixels' in result) await add(result.pixels);
      else {
        const { reason } = result;
        if (strict) throw new DataError(`--strict: ${reason}`);
        unreadable.push({ name: item.name, reason });
      }
      seen.add(item, result.hash);
      onProgress?.(++done, pictures.length);
    }
  } finally {
    decoder.close();
  }
  // The pack's key is the contents that were hashed before: it must hold no others.
  if (seen.end() !== fingerprint) throw new DataError('data: pictures changed while they were read; run again');
  const count = pictures.length - unreadable.length;
  return { version, unreadable, bytesPerPicture: bytesIn(geometry), count };
}
