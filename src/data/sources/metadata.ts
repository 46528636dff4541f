// Tables that name pictures and their labels (`file_name`, `label`): one file, Hugging Face's imagefolder with a metadata file
// on top or in each split's folder, or train.csv and test.csv beside each other.
// https://huggingface.co/docs/datasets/image_dataset
import { readdir } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { type Listing, type Place, type Source, wholePart } from '../dataset.ts';
import { pictureIn } from '../stored.ts';
import { type Labelled, listingOf, namesBeside } from './classes.ts';
import { fileStore } from './files.ts';
import { nameBelow, requireFiles } from './listed-files.ts';
import { imageFeature, openParquet } from './parquet-file.ts';
import { splitNamed } from './split-names.ts';
import { isTable, type Row, rowsOf } from './table-rows.ts';

interface Table {
  readonly path: string;
  /** The split that all its rows belong to; undefined where the rows or their paths say it. */
  readonly part: string | undefined;
}

const isMetadata = (file: string) => isTable(file) && basename(file, extname(file)) === 'metadata';

async function tablesIn({ root, isFolder }: Place): Promise<Table[]> {
  if (!isFolder) return isTable(root) ? [{ path: root, part: undefined }] : [];
  const entries = (await readdir(root, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const onTop = entries.find((entry) => entry.isFile() && isMetadata(entry.name));
  if (onTop) return [{ path: join(root, onTop.name), part: undefined }];
  const tables: Table[] = [];
  for (const entry of entries) {
    const part = splitNamed(basename(entry.name, extname(entry.name)));
    if (part === undefined) continue;
    if (entry.isFile() && isTable(entry.name) && extname(entry.name) !== '.parquet')
      tables.push({ path: join(root, entry.name), part });
    if (!entry.isDirectory()) continue;
    const inside = (await readdir(join(root, entry.name))).sort().find(isMetadata);
    if (inside) tables.push({ path: join(root, entry.name, inside), part });
  }
  return tables;
}

const fileColumns = ['file_name', 'filename', 'file', 'path', 'image', 'image_path'];
const labelColumns = ['label', 'labels', 'class', 'class_name', 'category'];

function cellOf(row: Row, columns: readonly string[], where: string, what: string): string {
  const column = columns.find((name) => row.has(name));
  if (column === undefined)
    throw new DataError(
      `data ${where}: has no column for the ${what} (${columns.slice(0, 2).join(' or ')}); its columns are ${[...row.keys()].join(', ').slice(0, 200)}`,
    );
  const value = row.get(column)!;
  if (value === '') throw new DataError(`data ${where}: a row's ${column} is empty`);
  return value;
}

async function listTables(place: Place): Promise<Listing> {
  const { path, root, isFolder } = place;
  const base = isFolder ? root : dirname(root);
  const tables = await tablesIn(place);
  if (tables.length === 0)
    throw new DataError(
      `data ${path}: holds no table; give metadata.csv (or .tsv, .jsonl, .parquet) with file_name and label`,
    );
  const store = fileStore(base);
  const rows: Labelled[] = [];
  const files = new Set<string>();
  let firstFolderIsSplit = true;
  for (const table of tables) {
    const where = isFolder ? `${path}: ${table.path.slice(root.length + 1)}` : path;
    for await (const row of rowsOf(where, table.path)) {
      const name = nameBelow(base, dirname(table.path), cellOf(row, fileColumns, where, 'file'), where);
      const label = cellOf(row, labelColumns, where, 'label');
      const split = row.get('split');
      const part = table.part ?? (split ? (splitNamed(split) ?? split) : '');
      if (part === '' && !splitNamed(name.split('/')[0]!)) firstFolderIsSplit = false;
      files.add(name);
      rows.push({ part, label, picture: (index) => pictureIn(store, name, index) });
    }
  }
  const named = rows.map((row) => {
    if (row.part !== '') return row;
    return { ...row, part: firstFolderIsSplit ? splitNamed(row.picture(0).name.split('/')[0]!)! : wholePart };
  });
  await requireFiles(path, base, files);
  return listingOf({ ...place, root: base }, named, await namesBeside(base), 'metadata');
}

export const metadata: Source = {
  name: 'metadata',
  summary: 'a CSV, TSV, JSON-lines or Parquet table with file_name and label; metadata.* on top or in each split',
  async recognises(place) {
    const [first] = await tablesIn(place);
    if (first === undefined) return false;
    // A Parquet file with the pictures in it is another source's.
    return extname(first.path) !== '.parquet' || imageFeature(await openParquet(first.path)) === undefined;
  },
  list: listTables,
};
