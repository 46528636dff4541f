// Pictures that share a store (a folder, an archive, a table): each holds its name, its label and its place there, and nothing
// else, so that a million of them are a small list.
import { open, stat } from 'node:fs/promises';
import { DataError } from '../base/errors.ts';
import type { Picture } from './dataset.ts';
import { maxPictureBytes } from './decode.ts';

/** Where the bytes of many pictures lie. `at` is what the store itself gave: an offset, a row. */
export interface Store {
  read(name: string, at: number): Promise<Uint8Array>;
  stamp(name: string, at: number): Promise<string>;
}

interface StoredPicture extends Picture {
  readonly store: Store;
  readonly at: number;
}

// One function for all pictures: a closure each would be most of a picture's memory.
function read(this: StoredPicture): Promise<Uint8Array> {
  return this.store.read(this.name, this.at);
}
function stamp(this: StoredPicture): Promise<string> {
  return this.store.stamp(this.name, this.at);
}

export function pictureIn(store: Store, name: string, label: number, at = 0): Picture {
  const picture: StoredPicture = { name, label, store, at, read, stamp };
  return picture;
}

interface RenamedPicture extends Picture {
  readonly original: Picture;
}

function readOriginal(this: RenamedPicture): Promise<Uint8Array> {
  return this.original.read();
}
function stampOriginal(this: RenamedPicture): Promise<string> {
  return this.original.stamp();
}

/** The same bytes under another name or label. */
export function renamed(picture: Picture, name: string, label: number): Picture {
  if (name === picture.name && label === picture.label) return picture;
  const made: RenamedPicture = { name, label, original: picture, read: readOriginal, stamp: stampOriginal };
  return made;
}

/** Tells a file's contents from all others without reading them. */
export async function fileStamp(path: string): Promise<string> {
  // The time of change (ctime) can't be set back, unlike the time of modification, which archives and copies restore.
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  return [dev, ino, size, mtimeNs, ctimeNs].join(':');
}

/** `length` bytes of a file from byte `offset`. Throws DataError where it ends before, or for more than `most`. */
export async function readRange(
  path: string,
  offset: number,
  length: number,
  most = maxPictureBytes,
): Promise<Uint8Array> {
  if (length > most) throw new DataError(`${path}: has ${length} bytes in one piece; at most ${most} are read`);
  const out = new Uint8Array(length);
  const file = await open(path);
  try {
    for (let done = 0; done < length; ) {
      const { bytesRead } = await file.read(out, done, length - done, offset + done);
      if (bytesRead === 0) throw new DataError(`${path}: ends before byte ${offset + length}; it was cut off`);
      done += bytesRead;
    }
  } finally {
    await file.close();
  }
  return out;
}

/** A store inside one file: its stamp is the file's, asked for once, and the place. */
export function storeInFile(path: string, read: (at: number, name: string) => Promise<Uint8Array>): Store {
  let stamp: Promise<string> | undefined;
  return {
    read: (name, at) => read(at, name),
    async stamp(_, at) {
      stamp ??= fileStamp(path);
      return `${await stamp}:${at}`;
    },
  };
}
