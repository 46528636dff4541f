// The names that splits go by in folders and files: `train/`, `validation-00000-of-00001.parquet`, `test.csv`.
import type { SplitName } from '../dataset.ts';

const aliases: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
  t10k: 'test', // MNIST's
};

/** The split that a whole name stands for, in any case. */
export const splitNamed = (name: string): SplitName | undefined =>
  Object.hasOwn(aliases, name.toLowerCase()) ? aliases[name.toLowerCase()] : undefined;

/** The split that a file's name begins with: `train-00000-of-00002`, `test_1`. */
export function splitOf(stem: string): SplitName | undefined {
  const word = /^[a-z]+(?:10k)?(?=$|[-_.\d])/i.exec(stem)?.[0];
  return word === undefined ? undefined : splitNamed(word);
}
