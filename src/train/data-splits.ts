// The data of a spec in its splits, before a picture is decoded.
import { sha256 } from '../base/identity.ts';
import type { Dataset, Picture } from '../data/dataset.ts';
import { openDataset } from '../data/open.ts';
import { byName } from '../data/split.ts';
import type { RunSpec } from './spec.ts';

/** One fingerprint over those of the sets, in their order. */
export const fingerprintOfSets = (sets: readonly (readonly [string, string])[]): string =>
  sha256(sets.map(([set, fingerprint]) => `${set} ${fingerprint}`).join('\n'));

/** All pictures of a data set: the splits, then shifted test sets. */
export const picturesBySet = ({ splits, shifts }: Dataset): Map<string, readonly Picture[]> =>
  new Map([['train', splits.train], ['val', splits.val], ['test', splits.test], ...shifts]);

/** What of a spec decides its pictures. */
export type DataSpec = Pick<RunSpec, 'data' | 'dataOptions' | 'protocol'>;

/** The data of a spec in the splits that it trains and tests on. Throws DataError. */
export async function openSplits(spec: DataSpec): Promise<Dataset> {
  const { splitSeed, imageSize: _, trainOnVal, ...division } = spec.dataOptions;
  const dataset = await openDataset(spec.data, { ...division, seed: splitSeed, protocol: spec.protocol });
  if (!trainOnVal) return dataset;
  const { train, val, test } = dataset.splits;
  return {
    ...dataset,
    splits: { train: [...train, ...val].sort(byName), val: [], test },
    splitRule: `${dataset.splitRule}; trained on validation too`,
  };
}
