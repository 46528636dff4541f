// One training, validation and test set: the data's own where it has them, stratified and seeded cuts where it has none.
import { DataError } from '../../base/errors.ts';
import { type Dataset, type Listing, type Picture, type SplitOptions, wholePart } from '../dataset.ts';
import { cutOff, requireEnough } from '../split.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

type Divided = Pick<Dataset, 'splits' | 'shifts' | 'splitRule'>;

/** Cuts test and validation off a set without splits. */
function splitUp({ root: path, classes }: Listing, all: readonly Picture[], options: SplitOptions): Divided {
  const { seed, valFraction, testFraction, trainCount } = options;
  if (trainCount >= all.length && trainCount > 0)
    throw new DataError(`data ${path}: has ${all.length} pictures; ${trainCount} for training leave none for test`);
  const testCount = trainCount > 0 ? all.length - trainCount : Math.round(all.length * testFraction);
  const purposes = [...(testCount > 0 ? ['test'] : []), ...(valFraction > 0 ? ['validation'] : [])];
  requireEnough(path, all, classes, purposes);
  const kept = valFraction > 0 ? 2 : 1; // pictures of a class that have to be left for training and validation
  if (trainCount > 0 && trainCount < kept * classes.length)
    throw new DataError(
      `data ${path}: ${trainCount} pictures for training${kept > 1 ? ' and validation' : ''} are too few for ${classes.length} classes; give at least ${kept * classes.length}`,
    );
  const [rest, test] = testCount > 0 ? cutOff(all, classes, testCount, seed, 'test', kept) : [all, []];
  const valCount = Math.round((trainCount > 0 ? rest.length : all.length) * valFraction);
  const [train, val] = valFraction > 0 ? cutOff(rest, classes, valCount, seed, 'validation') : [rest, []];
  return { splits: { train, val, test }, shifts: new Map(), splitRule: `stratified, seed ${seed}` };
}

/** The data's own splits; validation is cut off training where it has none. */
function ownSplits({ root: path, classes, parts, rule }: Listing, { seed, valFraction }: SplitOptions): Divided {
  const all = parts.get('train') ?? parts.get('train800');
  if (all === undefined)
    throw new DataError(`data ${path}: has the parts ${[...parts.keys()].join(', ')} but no training set called train`);
  const test = parts.get('test') ?? [];
  const own = parts.get('val') ?? parts.get('val200');
  if (own !== undefined || valFraction === 0)
    return { splits: { train: all, val: own ?? [], test }, shifts: new Map(), splitRule: rule };
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
