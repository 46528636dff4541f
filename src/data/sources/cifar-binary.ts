// CIFAR-10 and CIFAR-100 in their binary version: data_batch_1.bin ... test_batch.bin, or train.bin and test.bin, with the class
// names in batches.meta.txt or fine_label_names.txt. CIFAR-100 is read with its 100 fine classes.
import { readFile } from 'node:fs/promises';
import { type CifarArchive, cifarSource } from './cifar-source.ts';

interface BinaryArchive extends CifarArchive {
  /** Bytes of labels before a record's pixels. */
  readonly labels: number;
}

export const cifarBinary = cifarSource<BinaryArchive>({
  name: 'cifar-binary',
  summary: 'CIFAR-10 or CIFAR-100, binary version (.bin)',
  lacks: 'binary CIFAR; give the folder of data_batch_1.bin or train.bin',
  archives: [
    {
      folder: 'cifar-10-batches-bin',
      meta: 'batches.meta.txt',
      files: /^(data_batch_\d+|test_batch)\.bin$/,
      labels: 1,
    },
    { folder: 'cifar-100-binary', meta: 'fine_label_names.txt', files: /^(train|test)\.bin$/, labels: 2 },
  ],
  namesIn: async (meta) => (await readFile(meta, 'utf8')).split(/\r?\n/).filter((line) => line.trim() !== ''),
  recordsIn: async (path, { labels }) => ({ path, labels }),
});
