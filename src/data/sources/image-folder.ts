// A folder of class folders, with or without train/, val/ and test/ above them.
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import type { Dataset, Picture, Source, SplitName, SplitOptions } from '../dataset.ts';
import { byName, cutOff } from '../split.ts';

const extensions = /\.(png|jpe?g|webp|gif|avif|tiff?|svg)$/i;
const splitFolders: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
};

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Visible entries in order of name; symbolic links are followed as long as they stay below `root`. */
async function list(root: string, folder: string): Promise<Entry[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const out: Entry[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    if (!entry.isSymbolicLink()) {
      out.push({ name: entry.name, isFolder: entry.isDirectory() });
      continue;
    }
    const target = await realpath(join(folder, entry.name)).catch(() => undefined);
    if (target === undefined || relative(root, target).startsWith('..')) continue;
    out.push({ name: entry.name, isFolder: (await stat(target)).isDirectory() });
  }
  return out.sort(byName);
}

async function filesBelow(root: string, folder: string, depth = 0): Promise<string[]> {
  const out: string[] = [];
  for (const { name, isFolder } of await list(root, folder)) {
    const path = join(folder, name);
    if (!isFolder) {
      if (extensions.test(name)) out.push(path);
    } else if (depth < 8) out.push(...(await filesBelow(root, path, depth + 1)));
  }
  return out;
}

function pictureOf(root: string, path: string, label: number): Picture {
  return {
    name: relative(root, path).split(sep).join('/'),
    label,
    read: () => readFile(path),
    async stamp() {
      const { size, mtimeMs } = await stat(path);
      return `${size}:${mtimeMs}`;
    },
  };
}

/** Class name -> its pictures' paths. */
type ClassFiles = Map<string, string[]>;

async function classFolders(root: string, folder: string): Promise<ClassFiles> {
  const classes: ClassFiles = new Map();
  for (const { name, isFolder } of await list(root, folder))
    if (isFolder) classes.set(name, await filesBelow(root, join(folder, name)));
  return classes;
}

function checkClasses(where: string, classes: ClassFiles): void {
  const names = [...classes.keys()];
  const total = [...classes.values()].reduce((n, files) => n + files.length, 0);
  if (total === 0)
    throw new DataError(
      `data ${where}: holds no pictures (png, jpg, webp, gif, avif, tiff, svg) in class folders; lay it out as ${where}/<class>/<picture>`,
    );
  const empty = names.filter((name) => classes.get(name)!.length === 0);
  if (empty.length > 0)
    throw new DataError(`data ${where}: class ${empty.join(', ')} holds no pictures; add some or remove the folder`);
  if (names.length === 1)
    throw new DataError(
      `data ${where}: holds the single class ${names[0]}; classification needs at least two class folders`,
    );
}

async function openFolder(path: string, options: SplitOptions): Promise<Dataset> {
  const given = resolve(path);
  const root = await realpath(given).catch((cause: unknown) => {
    throw new DataError(`data ${path}: no such folder; give a folder of class folders`, { cause });
  });
  if (!(await stat(root)).isDirectory()) throw new DataError(`data ${path}: is a file; give a folder of class folders`);
  let top: Entry[];
  try {
    top = await list(root, root);
  } catch (cause) {
    throw new DataError(`data ${path}: can't be read: ${messageOf(cause)}`, { cause });
  }
  const folders = top.filter((entry) => entry.isFolder);
  const isSplit = folders.length > 0 && folders.every(({ name }) => name.toLowerCase() in splitFolders);
  if (!isSplit) {
    const classes = await classFolders(root, root);
    checkClasses(path, classes);
    return splitUp(basename(given), root, classes, options);
  }

  const bySplit = new Map<SplitName, ClassFiles>();
  for (const { name } of folders) {
    const split = splitFolders[name.toLowerCase()]!;
    if (bySplit.has(split)) throw new DataError(`data ${path}: has two folders for the ${split} split; keep one`);
    const classes = await classFolders(root, join(root, name));
    checkClasses(join(path, name), classes);
    bySplit.set(split, classes);
  }
  const train = bySplit.get('train');
  if (!train) throw new DataError(`data ${path}: has ${folders.map((f) => f.name).join(', ')} but no train folder`);
  for (const [split, classes] of bySplit) compareClasses(path, split, train, classes);
  return fromSplits(basename(given), root, [...train.keys()], bySplit, options);
}

function compareClasses(path: string, split: SplitName, train: ClassFiles, classes: ClassFiles): void {
  const missing =
    split === 'train' ? [] : [...train.keys()].filter((name) => !classes.has(name)).map((name) => `- ${name}`);
  const extra = [...classes.keys()].filter((name) => !train.has(name)).map((name) => `+ ${name}`);
  if (missing.length + extra.length > 0)
    throw new DataError(`data ${path}: the classes of ${split}/ are not those of train/ (- missing, + extra)`, {
      lines: [...missing, ...extra],
    });
}

const picturesOf = (root: string, names: readonly string[], classes: ClassFiles): Picture[] =>
  names.flatMap((name, label) => (classes.get(name) ?? []).map((file) => pictureOf(root, file, label))).sort(byName);

function splitUp(name: string, root: string, classes: ClassFiles, options: SplitOptions): Dataset {
  const names = [...classes.keys()];
  const all = picturesOf(root, names, classes);
  const { seed, valFraction, testFraction, trainCount } = options;
  if (trainCount >= all.length && trainCount > 0)
    throw new DataError(`data ${root}: has ${all.length} pictures; ${trainCount} for training leave none for test`);
  const testCount = trainCount > 0 ? all.length - trainCount : Math.round(all.length * testFraction);
  const [rest, test] = testCount > 0 ? cutOff(all, names, testCount, seed, 'test') : [all, []];
  const valCount = Math.round((trainCount > 0 ? rest.length : all.length) * valFraction);
  const [train, val] = valFraction > 0 ? cutOff(rest, names, valCount, seed, 'validation') : [rest, []];
  return { name, root, classes: names, splits: { train, val, test }, splitRule: `stratified, seed ${seed}` };
}

function fromSplits(
  name: string,
  root: string,
  names: readonly string[],
  bySplit: ReadonlyMap<SplitName, ClassFiles>,
  { seed, valFraction }: SplitOptions,
): Dataset {
  const read = (split: SplitName) => picturesOf(root, names, bySplit.get(split) ?? new Map());
  const test = read('test');
  if (bySplit.has('val') || valFraction === 0)
    return {
      name,
      root,
      classes: names,
      splits: { train: read('train'), val: read('val'), test },
      splitRule: 'folders',
    };
  const all = read('train');
  const [train, val] = cutOff(all, names, Math.round(all.length * valFraction), seed, 'validation');
  return {
    name,
    root,
    classes: names,
    splits: { train, val, test },
    splitRule: `folders; validation from train, stratified, seed ${seed}`,
  };
}

export const imageFolder: Source = { name: 'image-folder', open: openFolder };
