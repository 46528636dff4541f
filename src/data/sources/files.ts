// Picture files below a folder: what a walk finds, what it leaves alone, and a file as a Picture.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { DataError } from '../../base/errors.ts';
import type { Picture } from '../dataset.ts';
import { maxPictureBytes } from '../decode.ts';
import { byName } from '../split.ts';

const extensions = /\.(png|jpe?g|webp|gif|avif|tiff?|svg)$/i;

export interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** A walk below `root` (a real path), and the links that it left alone. */
export interface Walk {
  readonly root: string;
  readonly skippedLinks: string[];
}

const isBelow = (folder: string, path: string): boolean => {
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
    else if (extensions.test(name)) out.push(path);
  }
  return out;
}

const nameOf = (root: string, path: string) => relative(root, path).split(sep).join('/');

export function pictureOf(root: string, path: string, label: number): Picture {
  const name = nameOf(root, path);
  return {
    name,
    label,
    async read() {
      const { size } = await stat(path);
      if (size > maxPictureBytes)
        throw new DataError(`${name}: is ${size} bytes long; at most ${maxPictureBytes} are read`);
      return readFile(path);
    },
    async stamp() {
      // The time of change (ctime) can't be set back, unlike the time of modification, which archives and copies restore.
      const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      return [dev, ino, size, mtimeNs, ctimeNs].join(':');
    },
  };
}
