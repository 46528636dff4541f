// Files that a list or table names: each must lie below the data's root and be there. Folders are read once each, so a million
// names cost no million questions to the disk.
import { readdir, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { isBelow } from './files.ts';

/** A name as a list has it, to the name below the root. Throws DataError where it leads out. */
export function nameBelow(root: string, folder: string, listed: string, where: string): string {
  const written = listed.replaceAll('\\', '/');
  const absolute = isAbsolute(written) ? written : join(folder, written);
  const name = posix.normalize(relative(root, absolute).split(sep).join('/'));
  if (listed.includes('\0') || !isBelow(root, absolute) || name === '.')
    throw new DataError(`data ${where}: ${listed} leads out of the data's folder; list files inside of it`);
  return name;
}

/** How many missing files an error names. */
const shown = 5;

/** Throws DataError where a name below `root` is no file, or a link that leads out of it. */
export async function requireFiles(path: string, root: string, names: Iterable<string>): Promise<void> {
  const byFolder = new Map<string, string[]>();
  for (const name of names) {
    const folder = dirname(name);
    const held = byFolder.get(folder);
    if (held) held.push(name);
    else byFolder.set(folder, [name]);
  }
  const missing: string[] = [];
  for (const [folder, wanted] of byFolder) {
    const full = join(root, folder);
    const real = await realpath(full).catch(() => undefined);
    if (real === undefined) {
      for (const name of wanted) missing.push(name);
      continue;
    }
    if (!isBelow(root, real))
      throw new DataError(`data ${path}: ${folder} is a link that leads out of the data's folder`);
    const entries = new Map((await readdir(full, { withFileTypes: true })).map((entry) => [entry.name, entry]));
    for (const name of wanted) {
      const entry = entries.get(posix.basename(name));
      if (entry?.isFile()) continue;
      const target = entry?.isSymbolicLink() ? await realpath(join(root, name)).catch(() => undefined) : undefined;
      if (target !== undefined && !isBelow(root, target))
        throw new DataError(`data ${path}: ${name} is a link that leads out of the data's folder; copy the file`);
      if (target === undefined || !(await stat(target)).isFile()) missing.push(name);
    }
  }
  if (missing.length > 0)
    throw new DataError(
      `data ${path}: lists ${missing.length} file${missing.length === 1 ? '' : 's'} that ${missing.length === 1 ? "isn't" : "aren't"} there, first ${missing[0]}; add the files or take them off the list`,
      { lines: missing.slice(0, shown).map((name) => `- ${name}`) },
    );
}
