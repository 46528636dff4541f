// A folder of class folders, with or without train/, val/ and test/ above them.
import { realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import {
  type Dataset,
  type Picture,
  type Source,
  type SplitName,
  type SplitOptions,
  warnOnProcess,
} from '../dataset.ts';
import { byName, cutOff, requireEnough } from '../split.ts';
import { type Entry, list, pictureOf, picturesBelow, type Walk } from './files.ts';

const splitFolders: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
};

/** Class name -> its pictures' paths. */
type ClassFiles = Map<string, string[]>;

async function classFolders(walk: Walk, folder: string): Promise<ClassFiles> {
  const classes: ClassFiles = new Map();
  for (const { name, isFolder } of await list(walk, folder))
    if (isFolder) classes.set(name, await picturesBelow(walk, join(folder, name)));
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
  const walk: Walk = { root, skippedLinks: [] };
  try {
    return await openWalk(path, basename(given), walk, options);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`data ${path}: can't be read: ${messageOf(cause)}`, { cause });
  } finally {
    const [first, ...others] = walk.skippedLinks;
    if (first !== undefined)
      (options.onWarning ?? warnOnProcess)(
        `data ${path}: left out ${others.length + 1} symbolic links that lead nowhere, out of the folder or back up, first ${first}; copy the files if they belong to it`,
      );
  }
}

/** Whether the folders on top are splits (true) or classes. Throws DataError where they are some of each. */
function areSplits(path: string, folders: readonly Entry[]): boolean {
  const known = folders.filter(({ name }) => Object.hasOwn(splitFolders, name.toLowerCase()));
  const others = folders.filter((folder) => !known.includes(folder));
  if (others.length === 0) return folders.length > 0;
  // One such name alone may be a class (a train on rails); train and test side by side are not.
  if (new Set(known.map(({ name }) => splitFolders[name.toLowerCase()])).size < 2) return false;
  const names = (entries: readonly Entry[]) => entries.map(({ name }) => `${name}/`).join(', ');
  throw new DataError(
    `data ${path}: has ${names(known)} beside ${names(others.slice(0, 5))}; move what is no split elsewhere, or rename the former if they are classes`,
  );
}

async function openWalk(path: string, name: string, walk: Walk, options: SplitOptions): Promise<Dataset> {
  const { root } = walk;
  const folders = (await list(walk, root)).filter((entry) => entry.isFolder);
  if (!areSplits(path, folders)) {
    walk.skippedLinks.splice(0); // met again below
    const classes = await classFolders(walk, root);
    checkClasses(path, classes);
    return splitUp(path, name, root, classes, options);
  }

  const bySplit = new Map<SplitName, ClassFiles>();
  for (const { name } of folders) {
    const split = splitFolders[name.toLowerCase()]!;
    if (bySplit.has(split)) throw new DataError(`data ${path}: has two folders for the ${split} split; keep one`);
    const classes = await classFolders(walk, join(root, name));
    checkClasses(join(path, name), classes);
    bySplit.set(split, classes);
  }
  const train = bySplit.get('train');
  if (!train) throw new DataError(`data ${path}: has ${folders.map((f) => f.name).join(', ')} but no train folder`);
  for (const [split, classes] of bySplit) compareClasses(path, split, train, classes);
  return fromSplits(path, name, root, [...train.keys()], bySplit, options);
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

function splitUp(path: string, name: string, root: string, classes: ClassFiles, options: SplitOptions): Dataset {
  const names = [...classes.keys()];
  const all = picturesOf(root, names, classes);
  const { seed, valFraction, testFraction, trainCount } = options;
  if (trainCount >= all.length && trainCount > 0)
    throw new DataError(`data ${path}: has ${all.length} pictures; ${trainCount} for training leave none for test`);
  const testCount = trainCount > 0 ? all.length - trainCount : Math.round(all.length * testFraction);
  const purposes = [...(testCount > 0 ? ['test'] : []), ...(valFraction > 0 ? ['validation'] : [])];
  requireEnough(path, all, names, purposes);
  const kept = valFraction > 0 ? 2 : 1; // pictures of a class that have to be left for training and validation
  if (trainCount > 0 && trainCount < kept * names.length)
    throw new DataError(
      `data ${path}: ${trainCount} pictures for training${kept > 1 ? ' and validation' : ''} are too few for ${names.length} classes; give at least ${kept * names.length}`,
    );
  const [rest, test] = testCount > 0 ? cutOff(all, names, testCount, seed, 'test', kept) : [all, []];
  const valCount = Math.round((trainCount > 0 ? rest.length : all.length) * valFraction);
  const [train, val] = valFraction > 0 ? cutOff(rest, names, valCount, seed, 'validation') : [rest, []];
  return { name, root, classes: names, splits: { train, val, test }, splitRule: `stratified, seed ${seed}` };
}

function fromSplits(
  path: string,
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
  requireEnough(path, all, names, ['validation']);
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
