// Pictures in a file of CIFAR's binary records: what the binary version is, and the Python version is turned into.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { DataError } from '../../base/errors.ts';
import { cifarPicture, cifarPixels } from '../../formats/cifar.ts';
import { encodeNetpbm } from '../../formats/netpbm.ts';
import { pictureIn, readRange, storeInFile } from '../stored.ts';
import type { Labelled } from './classes.ts';

export interface RecordFile {
  /** Where the records lie. */
  readonly path: string;
  /** What names and errors call it. */
  readonly file: string;
  /** Bytes of labels before the pixels; the last of them counts. */
  readonly labels: number;
}

async function* labelsIn({ path, labels }: RecordFile): AsyncGenerator<number> {
  const record = labels + cifarPixels;
  let position = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const first = labels - 1 - (position % record);
    for (let i = first < 0 ? first + record : first; i < chunk.length; i += record) yield chunk[i]!;
    position += chunk.length;
  }
}

/** The rows of a file; the test batches are the test set. Throws DataError for one that was cut off. */
export async function* recordRows(where: string, source: RecordFile): AsyncGenerator<Labelled> {
  const { path, file, labels } = source;
  const record = labels + cifarPixels;
  const { size } = await stat(path);
  if (size === 0 || size % record !== 0)
    throw new DataError(`data ${where}: ${file} is ${size} bytes long, no multiple of ${record}; it was cut off`);
  const store = storeInFile(path, async (at) =>
    encodeNetpbm(cifarPicture(await readRange(path, at * record + labels, cifarPixels))),
  );
  const part = file.startsWith('test') ? 'test' : 'train';
  const digits = String(size / record).length;
  let at = 0;
  for await (const label of labelsIn(source)) {
    const [row, name] = [at, `${file}/${String(at).padStart(digits, '0')}`];
    yield { part, label: String(label), picture: (index) => pictureIn(store, name, index, row) };
    at++;
  }
}
