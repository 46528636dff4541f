// A folder of class folders, with or without train/, val/ and test/ above them.
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { type Listing, type Picture, type Place, type Source, type SplitName, wholePart } from '../dataset.ts';
import { byName } from '../split.ts';
import { pictureIn } from '../stored.ts';
import { nameLines } from './classes.ts';
import { type Entry, fileStore, list, nameOf, picturesBelow, type Walk, walking } from './files.ts';
import { splitNamed } from './split-names.ts';

/** Class name -> its pictures' paths. */
export type ClassFiles = ReadonlyMap<string, readonly string[]>;

export async function classFolders(walk: Walk, folder: string): Promise<ClassFiles> {
  const classes = new Map<string, string[]>();
  for (const { name, isFolder } of await list(walk, folder))
    if (isFolder) classes.set(name, await picturesBelow(walk, join(folder, name)));
  return classes;
}

export function checkClasses(where: string, classes: ClassFiles): void {
  const names = [...classes.keys()];
  const total = [...classes.values()].reduce((n, files) => n + files.length, 0);
  if (total === 0)
    throw new DataError(
      `data ${where}: holds no pictures (png, jpg, webp, gif, avif, tiff, svg, ppm) in class folders; lay it out as ${where}/<class>/<picture>`,
    );
  const empty = names.filter((name) => classes.get(name)!.length === 0);
  if (empty.length > 0)
    throw new DataError(`data ${where}: class ${empty.join(', ')} holds no pictures; add some or remove the folder`);
  if (names.length === 1)
    throw new DataError(
      `data ${where}: holds the single class ${names[0]}; classification needs at least two class folders`,
    );
}

/** Whether the folders on top are splits (true) or classes. Throws DataError where they are some of each. */
function areSplits(path: string, folders: readonly Entry[]): boolean {
  const known = folders.filter(({ name }) => splitNamed(name));
  const others = folders.filter((folder) => !known.includes(folder));
  if (others.length === 0) return folders.length > 0;
  // One such name alone may be a class (a train on rails); train and test side by side are not.
  if (new Set(known.map(({ name }) => splitNamed(name))).size < 2) return false;
  const names = (entries: readonly Entry[]) => entries.map(({ name }) => `${name}/`).join(', ');
  throw new DataError(
    `data ${path}: has ${names(known)} beside ${names(others.slice(0, 5))}; move what is no split elsewhere, rename the former if they are classes, or give --source domain-folders if each is a domain with class folders`,
  );
}

/** Names in place of WordNet ids, where classnames.txt has them. */
export async function displayNames(root: string, folders: readonly string[]): Promise<readonly string[]> {
  const byId = new Map((await nameLines(root))?.map(({ id, name }) => [id, name]));
  return folders.map((folder) => byId.get(folder) ?? folder);
}

export function picturesOf(root: string, names: readonly string[], classes: ClassFiles): Picture[] {
  const store = fileStore(root);
  const labelled = names.flatMap((name, label) =>
    (classes.get(name) ?? []).map((file) => pictureIn(store, nameOf(root, file), label)),
  );
  return labelled.sort(byName);
}

async function listFolder(place: Place, walk: Walk): Promise<Listing> {
  const { path, name, root } = place;
  const folders = (await list(walk, root)).filter((entry) => entry.isFolder);
  if (!areSplits(path, folders)) {
    walk.skippedLinks.splice(0); // met again below
    const classes = await classFolders(walk, root);
    checkClasses(path, classes);
    const names = [...classes.keys()];
    const parts = new Map([[wholePart, picturesOf(root, names, classes)]]);
    return { name, root, classes: await displayNames(root, names), parts, rule: 'folders' };
  }

  const bySplit = new Map<SplitName, ClassFiles>();
  for (const folder of folders) {
    const split = splitNamed(folder.name)!;
    if (bySplit.has(split)) throw new DataError(`data ${path}: has two folders for the ${split} split; keep one`);
    const classes = await classFolders(walk, join(root, folder.name));
    checkClasses(join(path, folder.name), classes);
    bySplit.set(split, classes);
  }
  const train = bySplit.get('train');
  if (!train) throw new DataError(`data ${path}: has ${folders.map((f) => f.name).join(', ')} but no train folder`);
  for (const [split, classes] of bySplit) compareClasses(path, split, train, classes);
  const names = [...train.keys()];
  const parts = new Map([...bySplit].map(([split, classes]) => [split, picturesOf(root, names, classes)]));
  return { name, root, classes: await displayNames(root, names), parts, rule: 'folders' };
}

function compareClasses(path: string, split: SplitName, train: ClassFiles, classes: ClassFiles): void {
  const missing = [...train.keys()].filter((name) => !classes.has(name)).map((name) => `- ${name}`);
  const extra = [...classes.keys()].filter((name) => !train.has(name)).map((name) => `+ ${name}`);
  if (missing.length + extra.length > 0)
    throw new DataError(`data ${path}: the classes of ${split}/ are not those of train/ (- missing, + extra)`, {
      lines: [...missing, ...extra],
    });
}

export const imageFolder: Source = {
  name: 'image-folder',
  summary: 'a folder of class folders, with or without train/, val/ and test/ above them',
  recognises: async ({ isFolder }) => isFolder,
  list: (place) => walking(place, (walk) => listFolder(place, walk)),
};
