// CIFAR-10 and CIFAR-100 in their Python version: pickled batches, read by an allow-list that can run nothing. Each is turned
// into binary records once, so that a picture can be read by itself.
import { writeFile } from 'node:fs/promises';
import { DataError, messageOf } from '../../base/errors.ts';
import { openFileSource } from '../../formats/byte-source-file.ts';
import { cifarPixels } from '../../formats/cifar.ts';
import { isNumpyArray, tensorOfArray } from '../../formats/numpy/globals.ts';
import { textOf } from '../../formats/pickle/machine.ts';
import { readPickle } from '../../formats/pickled-arrays.ts';
import { type CifarArchive, cifarSource } from './cifar-source.ts';
import { derivedFile } from './derived-file.ts';

interface PickledArchive extends CifarArchive {
  /** Keys of the names in the meta file, and of the labels in a batch. */
  readonly names: string;
  readonly labels: string;
}

/** A pickled dict. Throws DataError for anything else, and for one that would run code. */
async function dictIn(path: string): Promise<ReadonlyMap<unknown, unknown>> {
  try {
    const value = await readPickle(await openFileSource(path));
    if (value instanceof Map) return value;
  } catch (cause) {
    throw new DataError(messageOf(cause), { cause });
  }
  throw new DataError(`${path}: holds no dict`);
}

function listIn(path: string, dict: ReadonlyMap<unknown, unknown>, key: string): readonly unknown[] {
  const list = dict.get(key);
  if (!Array.isArray(list)) throw new DataError(`${path}: has no list called ${key}`);
  return list;
}

/** The batch as records: a label's byte, then its planes. */
async function recordsOf(path: string, { labels: key }: PickledArchive): Promise<Uint8Array> {
  const dict = await dictIn(path);
  const labels = listIn(path, dict, key);
  const array = dict.get('data');
  const data = isNumpyArray(array) ? tensorOfArray(array) : undefined;
  if (data?.dtype !== 'uint8' || data.shape.length !== 2 || data.shape[1] !== cifarPixels)
    throw new DataError(`${path}: has no data of ${cifarPixels} bytes a picture`);
  if (labels.length !== data.shape[0])
    throw new DataError(`${path}: has ${data.shape[0]} pictures but ${labels.length} labels`);
  const record = 1 + cifarPixels;
  const pixels = data.data as Uint8Array;
  const out = new Uint8Array(labels.length * record);
  labels.forEach((label, i) => {
    if (typeof label !== 'number' || !Number.isInteger(label) || label < 0 || label > 255)
      throw new DataError(`${path}: label ${String(label)} is out of range; labels go from 0 to 255`);
    out[i * record] = label;
    out.set(pixels.subarray(i * cifarPixels, (i + 1) * cifarPixels), i * record + 1);
  });
  return out;
}

export const cifarPython = cifarSource<PickledArchive>({
  name: 'cifar-python',
  summary: 'CIFAR-10 or CIFAR-100, Python version (pickled batches)',
  lacks: 'pickled CIFAR; give the folder of data_batch_1 or of train and meta',
  archives: [
    {
      folder: 'cifar-10-batches-py',
      meta: 'batches.meta',
      files: /^(data_batch_\d+|test_batch)$/,
      names: 'label_names',
      labels: 'labels',
    },
    {
      folder: 'cifar-100-python',
      meta: 'meta',
      files: /^(train|test)$/,
      names: 'fine_label_names',
      labels: 'fine_labels',
    },
  ],
  namesIn: async (meta, { names }) =>
    listIn(meta, await dictIn(meta), names).map((name) => textOf(name) ?? String(name)),
  recordsIn: async (path, archive) => ({
    path: await derivedFile(path, 'cifar', async (target) => writeFile(target, await recordsOf(path, archive))),
    labels: 1,
  }),
});
