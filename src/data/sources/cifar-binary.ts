// CIFAR-10 and CIFAR-100 in their binary version: data_batch_1.bin ... test_batch.bin, or train.bin and test.bin, with the class
// names in batches.meta.txt or fine_label_names.txt. CIFAR-100 is read with its 100 fine classes.
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../base/errors.ts';
import { cifarPicture, cifarPixels } from '../../formats/cifar.ts';
import { encodeNetpbm } from '../../formats/netpbm.ts';
import type { Listing, Place, Source } from '../dataset.ts';
import { pictureIn, readRange, storeInFile } from '../stored.ts';
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

/** The last byte of each record's labels: CIFAR-100's fine one. */
async function* labelsOf(path: string, labels: number): AsyncGenerator<number> {
  const record = labels + cifarPixels;
  let position = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const first = labels - 1 - (position % record);
    for (let i = first < 0 ? first + record : first; i < chunk.length; i += record) yield chunk[i]!;
    position += chunk.length;
  }
}

async function listCifar(place: Place): Promise<Listing> {
  const found = await find(place);
  if (found === undefined)
    throw new DataError(`data ${place.path}: holds no binary CIFAR; give the folder of data_batch_1.bin or train.bin`);
  const { folder, version, files } = found;
  const names = (await readFile(join(folder, version.names), 'utf8'))
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const record = version.labels + cifarPixels;
  const rows: Labelled[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const { size } = await stat(path);
    if (size === 0 || size % record !== 0)
      throw new DataError(
        `data ${place.path}: ${file} is ${size} bytes long, no multiple of ${record}; it was cut off`,
      );
    const store = storeInFile(path, async (at) =>
      encodeNetpbm(cifarPicture(await readRange(path, at * record + version.labels, cifarPixels))),
    );
    const part = file.startsWith('test') ? 'test' : 'train';
    const digits = String(size / record).length;
    let at = 0;
    for await (const label of labelsOf(path, version.labels)) {
      const [row, name] = [at, `${file}/${String(at).padStart(digits, '0')}`];
      rows.push({ part, label: String(label), picture: (index) => pictureIn(store, name, index, row) });
      at++;
    }
  }
  return listingOf(place, rows, names, 'cifar');
}

export const cifarBinary: Source = {
  name: 'cifar-binary',
  summary: 'CIFAR-10 or CIFAR-100, binary version (.bin)',
  recognises: async (place) => (await find(place)) !== undefined,
  list: listCifar,
};
