// CIFAR-10 and CIFAR-100 in their binary version: data_batch_1.bin ... test_batch.bin, or train.bin and test.bin, with the class
// names in batches.meta.txt or fine_label_names.txt. CIFAR-100 is read with its 100 fine classes.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import type { Listing, Place, Source } from '../dataset.ts';
import { recordRows } from './cifar-records.ts';
import { type Labelled, listingOf } from './classes.ts';

interface Version {
  /** Folder inside the archive. */
  readonly folder: string;
  readonly names: string;
  readonly files: RegExp;
  readonly labels: number;
}

const versions: readonly Version[] = [
  { folder: 'cifar-10-batches-bin', names: 'batches.meta.txt', files: /^(data_batch_\d+|test_batch)\.bin$/, labels: 1 },
  { folder: 'cifar-100-binary', names: 'fine_label_names.txt', files: /^(train|test)\.bin$/, labels: 2 },
];

interface Found {
  readonly folder: string;
  readonly version: Version;
  readonly files: readonly string[];
}

async function find({ root, isFolder }: Place): Promise<Found | undefined> {
  if (!isFolder) return undefined;
  for (const version of versions)
    for (const folder of [root, join(root, version.folder)]) {
      const all = await readdir(folder).catch((): string[] => []);
      const files = all.filter((file) => version.files.test(file)).sort();
      if (files.length > 0 && all.includes(version.names)) return { folder, version, files };
    }
  return undefined;
}

async function listCifar(place: Place): Promise<Listing> {
  const found = await find(place);
  if (found === undefined)
    throw new DataError(`data ${place.path}: holds no binary CIFAR; give the folder of data_batch_1.bin or train.bin`);
  const { folder, version, files } = found;
  const names = (await readFile(join(folder, version.names), 'utf8'))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const rows: Labelled[] = [];
  for (const file of files)
    for await (const row of recordRows(place.path, { path: join(folder, file), file, labels: version.labels }))
      rows.push(row);
  return listingOf(place, rows, names, 'cifar');
}

export const cifarBinary: Source = {
  name: 'cifar-binary',
  summary: 'CIFAR-10 or CIFAR-100, binary version (.bin)',
  recognises: async (place) => (await find(place)) !== undefined,
  list: listCifar,
};
