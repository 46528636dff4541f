// Picture files below a folder: what a walk finds, what it leaves alone, and a file as a Picture.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import type { Place } from '../dataset.ts';
import { maxPictureBytes } from '../decode.ts';
import { byName } from '../split.ts';
import { fileStamp, type Store } from '../stored.ts';

export const pictureFile = /\.(png|jpe?g|webp|gif|avif|tiff?|svg|p[pg]m)$/i;

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A walk below `root` (a real path), and the links that it left alone. */
export interface Walk {
  readonly root: string;
  readonly skippedLinks: string[];
}

export const isBelow = (folder: string, path: string): boolean => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/**
 * Visible files and folders in order of name. Symbolic links are followed as long as they stay below the root and don't
 * lead back up, which would show the same pictures again and again.
 */
export async function list(walk: Walk, folder: string): Promise<Entry[]> {
  const here = await realpath(folder);
  const out: Entry[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    if (!entry.isSymbolicLink()) {
      // Anything else (a pipe, a socket) would hang a reader.
      if (entry.isDirectory() || entry.isFile()) out.push({ name, isFolder: entry.isDirectory() });
      continue;
    }
    const path = join(folder, name);
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined || !isBelow(walk.root, target) || isBelow(target, here)) {
      walk.skippedLinks.push(nameOf(walk.root, path));
      continue;
    }
    const stats = await stat(target);
    if (stats.isDirectory() || stats.isFile()) out.push({ name, isFolder: stats.isDirectory() });
  }
  return out.sort(byName);
}

/** Paths of all pictures (by extension) below `folder`, at any depth. */
export async function picturesBelow(walk: Walk, folder: string): Promise<string[]> {
  const out: string[] = [];
  for (const { name, isFolder } of await list(walk, folder)) {
    const path = join(folder, name);
    if (isFolder) for (const file of await picturesBelow(walk, path)) out.push(file);
    else if (pictureFile.test(name)) out.push(path);
  }
  return out;
}

export const nameOf = (root: string, path: string) => relative(root, path).split(sep).join('/');

/** Makes pictures of files below `root`: the name is the path from there. */
export function fileStore(root: string): Store {
  return {
    async read(name) {
      const path = join(root, name);
      const { size } = await stat(path);
      if (size > maxPictureBytes)
        throw new DataError(`${name}: is ${size} bytes long; at most ${maxPictureBytes} are read`);
      return readFile(path);
    },
    stamp: (name) => fileStamp(join(root, name)),
  };
}

/** Lists a place by a walk below it; tells which links were left out. Throws DataError, also for the system's errors. */
export async function walking<T>({ path, root, isFolder, warn }: Place, work: (walk: Walk) => Promise<T>): Promise<T> {
  if (!isFolder) throw new DataError(`data ${path}: is a file; give a folder of class folders`);
  const walk: Walk = { root, skippedLinks: [] };
  try {
    return await work(walk);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`data ${path}: can't be read: ${messageOf(cause)}`, { cause });
  } finally {
    const [first, ...others] = walk.skippedLinks;
    if (first !== undefined)
      warn(
        `data ${path}: left out ${others.length + 1} symbolic links that lead nowhere, out of the folder or back up, first ${first}; copy the files if they belong to it`,
      );
  }
}
