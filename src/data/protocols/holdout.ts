// One training, validation and test set: the data's own where it has them, stratified and seeded cuts where it has none.
import { DataError } from '../../base/errors.ts';
import { type Dataset, type Listing, type Picture, type SplitOptions, wholePart } from '../dataset.ts';
import { cutOff, requireEnough } from '../split.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

type Divided = Pick<Dataset, 'splits' | 'shifts' | 'splitRule'>;

/** `each`: pictures of a class that training and validation need. Throws DataError. */
function requireCount({ root, classes }: Listing, trainCount: number, each: number): void {
  if (trainCount > 0 && trainCount < each * classes.length)
    throw new DataError(
      `data ${root}: ${trainCount} pictures for training${each > 1 ? ' and validation' : ''} are too few for ${classes.length} classes; give at least ${each * classes.length}`,
    );
}

/** Cuts test and validation off a set without splits. */
function splitUp(listing: Listing, all: readonly Picture[], options: SplitOptions): Divided {
  const { root: path, classes } = listing;
  const { seed, valFraction, testFraction, trainCount } = options;
  if (trainCount >= all.length && trainCount > 0)
    throw new DataError(`data ${path}: has ${all.length} pictures; ${trainCount} for training leave none for test`);
  const testCount = trainCount > 0 ? all.length - trainCount : Math.round(all.length * testFraction);
  const purposes = [...(testCount > 0 ? ['test'] : []), ...(valFraction > 0 ? ['validation'] : [])];
  requireEnough(path, all, classes, purposes);
  const kept = valFraction > 0 ? 2 : 1; // pictures of a class that have to be left for training and validation
  requireCount(listing, trainCount, kept);
  const [rest, test] = testCount > 0 ? cutOff(all, classes, testCount, seed, 'test', kept) : [all, []];
  const valCount = Math.round((trainCount > 0 ? rest.length : all.length) * valFraction);
  const [train, val] = valFraction > 0 ? cutOff(rest, classes, valCount, seed, 'validation') : [rest, []];
  return { splits: { train, val, test }, shifts: new Map(), splitRule: `stratified, seed ${seed}` };
}

/** `trainCount` of the training and validation pictures, as many of each as they have to each other; 0 = all. */
function counted(
  listing: Listing,
  train: readonly Picture[],
  val: readonly Picture[],
  { seed, valFraction, trainCount }: SplitOptions,
): readonly [train: readonly Picture[], val: readonly Picture[]] {
  const { root: path, classes } = listing;
  if (trainCount === 0) return [train, val];
  const all = train.length + val.length;
  if (trainCount > all)
    throw new DataError(
      `data ${path}: has ${all} pictures for training${val.length > 0 ? ' and validation' : ''}; ${trainCount} were asked for`,
    );
  const ofVal = Math.round((trainCount * val.length) / all);
  requireCount(listing, trainCount, val.length > 0 || valFraction > 0 ? 2 : 1);
  return [
    cutOff(train, classes, trainCount - ofVal, seed, 'train count', 0)[1],
    val.length === 0 ? val : cutOff(val, classes, ofVal, seed, 'val count', 0)[1],
  ];
}

/** The data's own splits; validation is cut off training where it has none. */
function ownSplits(listing: Listing, options: SplitOptions): Divided {
  const { root: path, classes, parts } = listing;
  const { seed, valFraction, trainCount } = options;
  const given = parts.get('train') ?? parts.get('train800');
  if (given === undefined)
    throw new DataError(`data ${path}: has the parts ${[...parts.keys()].join(', ')} but no training set called train`);
  const test = parts.get('test') ?? [];
  const own = parts.get('val') ?? parts.get('val200');
  const [all, kept] = counted(listing, given, own ?? [], options);
  const rule =
    trainCount === 0 ? listing.rule : `${listing.rule}; ${trainCount} for training, stratified, seed ${seed}`;
  if (own !== undefined || valFraction === 0)
    return { splits: { train: all, val: kept, test }, shifts: new Map(), splitRule: rule };
  requireEnough(path, all, classes, ['validation']);
  const [train, val] = cutOff(all, classes, Math.round(all.length * valFraction), seed, 'validation');
  return {
    splits: { train, val, test },
    shifts: new Map(),
    splitRule: `${rule}; validation from train, stratified, seed ${seed}`,
  };
}

export function holdOut(listing: Listing, options: SplitOptions): Divided {
  const all = listing.parts.get(wholePart);
  return all === undefined ? ownSplits(listing, options) : splitUp(listing, all, options);
}

export const holdout = defineProtocol({
  name: 'holdout',
  summary: "the data's own splits; where it has none, stratified cuts of --test-fraction and --val-fraction",
  options: {},
  choices: {
    split: "the data's own; else shuffled within each class and cut in proportion, at least one picture of each class",
    selection: 'validation top-1, where --keep best or --patience asks for it; else the last epoch',
    seeds: '--split-seed for the split, --seed for everything in training',
    ...asCheckpoint,
  },
  rounds: () => ['holdout'],
  divide: (listing, _round, _options, split) => holdOut(listing, split),
});
