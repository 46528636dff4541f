// IDX files, the MNIST family (MNIST, Fashion-MNIST, KMNIST, EMNIST): train-images-idx3-ubyte beside train-labels-idx1-ubyte,
// gzipped or not, in the folder or where torchvision puts them (<set>/raw).
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DataError, messageOf } from '../../base/errors.ts';
import { type IdxHeader, maxIdxHeader, parseIdxHeader } from '../../formats/idx.ts';
import { encodeNetpbm } from '../../formats/netpbm.ts';
import type { Listing, Place, Source } from '../dataset.ts';
import { pictureIn, readRange, type Store, storeInFile } from '../stored.ts';
import { type Labelled, listingOf, namesBeside } from './classes.ts';
import { splitNamed } from './split-names.ts';
import { unzipped } from './unzipped.ts';

const imagesFile = /^(?:(.+)-)?(train|t10k|test|val)-images[-.]idx[34]-ubyte(?:\.gz)?$/;

interface Pair {
  readonly family: string;
  readonly split: string;
  readonly images: string;
  readonly labels: string | undefined;
}

async function pairsIn(folder: string): Promise<Pair[]> {
  const files = (await readdir(folder)).sort(); // the plain file before its .gz
  const pairs: Pair[] = [];
  for (const file of files) {
    const [, family = '', split] = imagesFile.exec(file) ?? [];
    if (split === undefined || pairs.some((pair) => pair.split === split && pair.family === family)) continue;
    const start = `${family && `${family}-`}${split}-labels`;
    const labels = files.find(
      (other) => other.startsWith(start) && /^[-.]idx1-ubyte(\.gz)?$/.test(other.slice(start.length)),
    );
    pairs.push({ family, split, images: join(folder, file), labels: labels && join(folder, labels) });
  }
  return pairs;
}

/** The folder itself, raw/, or <set>/raw/. */
async function folderOf({ root, isFolder }: Place): Promise<{ folder: string; pairs: Pair[] } | undefined> {
  if (!isFolder) return undefined;
  const inside = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const folder of [root, join(root, 'raw'), ...inside.map(({ name }) => join(root, name, 'raw'))]) {
    const pairs = await pairsIn(folder).catch(() => []);
    if (pairs.length > 0) return { folder, pairs };
  }
  return undefined;
}

async function openIdx(where: string, path: string): Promise<{ plain: string } & IdxHeader> {
  try {
    const plain = await unzipped(path);
    const { size } = await stat(plain);
    return { plain, ...parseIdxHeader(await readRange(plain, 0, Math.min(size, maxIdxHeader)), size) };
  } catch (cause) {
    throw new DataError(`data ${where}: ${basename(path)} ${messageOf(cause).replace(`${path}: `, '')}`, { cause });
  }
}

/** A function of its own: a store made among a listing's rows would keep all of them alive. */
function storeOf({ plain, offset, shape }: { readonly plain: string } & IdxHeader): Store {
  const [, height = 0, width = 0, channels = 1] = shape;
  const size = height * width * channels;
  return storeInFile(plain, async (at) =>
    encodeNetpbm({
      width,
      height,
      channels: channels === 3 ? 3 : 1,
      data: await readRange(plain, offset + at * size, size),
    }),
  );
}

/** EMNIST's 814,255 labels are the most there are. */
const maxLabels = 2 ** 27;

async function listIdx(place: Place): Promise<Listing> {
  const { path } = place;
  const found = await folderOf(place);
  if (found === undefined)
    throw new DataError(`data ${path}: holds no IDX files; give the folder of train-images-idx3-ubyte and its like`);
  const { folder, pairs } = found;
  const families = new Set(pairs.map(({ family }) => family));
  if (families.size > 1)
    throw new DataError(`data ${path}: holds several sets (${[...families].join(', ')}); keep one in a folder`);
  const rows: Labelled[] = [];
  for (const { split, images, labels } of pairs) {
    if (labels === undefined) throw new DataError(`data ${path}: ${basename(images)} has no labels file beside it`);
    const image = await openIdx(path, images);
    const label = await openIdx(path, labels);
    const [count = 0, , , channels = 1] = image.shape;
    if (image.shape.length < 3 || (channels !== 1 && channels !== 3))
      throw new DataError(
        `data ${path}: ${basename(images)} has the shape ${image.shape.join(' x ')}; pictures have 3 or 4 dimensions`,
      );
    if (label.shape.length !== 1 || label.shape[0] !== count)
      throw new DataError(
        `data ${path}: ${basename(images)} has ${count} pictures but ${basename(labels)} ${label.shape.join(' x ')} labels`,
      );
    const store = storeOf(image);
    const values = await readRange(label.plain, label.offset, count, maxLabels);
    const part = splitNamed(split)!;
    const digits = String(count).length;
    values.forEach((value, at) => {
      const name = `${part}/${String(at).padStart(digits, '0')}`;
      rows.push({ part, label: String(value), picture: (index) => pictureIn(store, name, index, at) });
    });
  }
  const names = (await namesBeside(folder)) ?? (await namesBeside(dirname(folder))) ?? undefined;
  return listingOf(place, rows, names, 'idx');
}

export const idx: Source = {
  name: 'idx',
  summary: 'IDX files of the MNIST family (train-images-idx3-ubyte), gzipped or not',
  recognises: async (place) => (await folderOf(place)) !== undefined,
  list: listIdx,
};
