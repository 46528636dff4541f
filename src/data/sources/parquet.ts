// Parquet files with the pictures inside (`image{bytes,path}`, `label`), as Hugging Face's hub stores data sets: class names come
// from the note in the schema. A group of rows is read when the first of its pictures is, and kept while the next are.
import { readdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { type Listing, type Place, type Source, wholePart } from '../dataset.ts';
import { pictureIn, type Store, storeInFile } from '../stored.ts';
import { type Labelled, listingOf, namesBeside, namesOfFeatures } from './classes.ts';
import { imageFeature, openParquet, type ParquetFile, type RowGroup } from './parquet-file.ts';
import { splitNamed, splitOf } from './split-names.ts';

/** The hub's layouts: files on top, in data/, or in <config>/<split>/. */
const maxDepth = 3;

async function filesBelow(folder: string, depth = maxDepth): Promise<string[]> {
  const out: string[] = [];
  for (const entry of (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory() && depth > 1) for (const file of await filesBelow(path, depth - 1)) out.push(file);
    else if (entry.isFile() && entry.name.endsWith('.parquet')) out.push(path);
  }
  return out;
}

const filesOf = ({ root, isFolder }: Place) =>
  isFolder ? filesBelow(root) : Promise.resolve(root.endsWith('.parquet') ? [root] : []);

/** Groups of rows kept in memory, all files together: reads come in order, and a few at a time straddle two groups. */
const keptGroups = 2;
const kept: { readonly group: RowGroup; readonly rows: Promise<Record<string, unknown>[]> }[] = [];

function groupRows(file: ParquetFile, group: RowGroup, column: string): Promise<Record<string, unknown>[]> {
  const held = kept.find((entry) => entry.group === group); // by object: a file that is opened anew is read anew
  if (held) return held.rows;
  const rows = file.rows(group, [column], true);
  kept.push({ group, rows });
  if (kept.length > keptGroups) kept.shift();
  return rows;
}

function storeOf(file: ParquetFile, column: string): Store {
  return storeInFile(file.path, async (at, name) => {
    const group = file.groups.find(({ end }) => at < end)!;
    const cell = (await groupRows(file, group, column))[at - group.start]?.[column] as
      | { readonly bytes?: unknown }
      | Uint8Array
      | null
      | undefined;
    const bytes = cell instanceof Uint8Array ? cell : cell?.bytes;
    if (!(bytes instanceof Uint8Array)) throw new DataError(`${name}: holds no bytes, only a path`);
    return bytes;
  });
}

/** The column with the labels: the class label that is called so, the only one, or the first of these names. */
function labelColumn({ columns, features }: ParquetFile): string | undefined {
  const labels = columns.filter((name) => features?.[name]?._type === 'ClassLabel');
  return ['label', 'labels', 'fine_label', 'class'].find((name) => columns.includes(name)) ?? labels[0];
}

async function listParquet(place: Place): Promise<Listing> {
  const { path, root, isFolder } = place;
  const base = isFolder ? root : dirname(root);
  const rows: Labelled[] = [];
  let names = await namesBeside(base);
  for (const filePath of await filesOf(place)) {
    const file = await openParquet(filePath);
    const name = relative(base, filePath);
    const [image, label] = [imageFeature(file), labelColumn(file)];
    if (image === undefined || label === undefined)
      throw new DataError(
        `data ${path}: ${name} has no ${image === undefined ? 'image' : 'label'} column; its columns are ${file.columns.join(', ').slice(0, 200)}`,
      );
    const noted = namesOfFeatures(file.features, label);
    if (names && noted && names.join('\n') !== noted.join('\n'))
      throw new DataError(`data ${path}: ${name} names other classes than the files before it`);
    names ??= noted;
    const part = splitOf(basename(filePath)) ?? splitNamed(basename(dirname(filePath))) ?? wholePart;
    const store = storeOf(file, image);
    const width = String(file.groups.at(-1)?.end ?? 0).length;
    for (const group of file.groups) {
      const labels = await file.rows(group, [label]);
      labels.forEach((record, i) => {
        const at = group.start + i;
        const rowName = `${name}/${String(at).padStart(width, '0')}`; // padded: names sort as rows do
        rows.push({
          part,
          label: String(record[label]),
          picture: (index) => pictureIn(store, rowName, index, at),
        });
      });
    }
  }
  return listingOf({ ...place, root: base }, rows, names, 'parquet');
}

export const parquet: Source = {
  name: 'parquet',
  summary: 'Parquet files with image{bytes,path} and label inside, as on the Hugging Face hub',
  async recognises(place) {
    const [first] = await filesOf(place);
    return first !== undefined && imageFeature(await openParquet(first)) !== undefined;
  },
  list: listParquet,
};
