// Cross-validation: every picture is tested once, by the network that was trained on the other folds (Stone 1974).
import { DataError } from '../../base/errors.ts';
import { shuffled, stream } from '../../base/rng.ts';
import type { Listing, Picture } from '../dataset.ts';
import { byName, cutOff, requireEnough } from '../split.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

/** All pictures of all parts, each once. */
function everyPicture({ parts }: Listing): Picture[] {
  const byNameOnce = new Map([...parts.values()].flat().map((picture) => [picture.name, picture]));
  return [...byNameOnce.values()].sort(byName);
}

/** The fold of each picture: each class is shuffled by a stream of its own and dealt out; classes go on where the last ended. */
function deal(
  pictures: readonly Picture[],
  classes: readonly string[],
  folds: number,
  seed: number,
): Map<Picture, number> {
  const groups: Picture[][] = classes.map(() => []);
  for (const picture of pictures) groups[picture.label]!.push(picture);
  const fold = new Map<Picture, number>();
  groups.forEach((group, label) => {
    for (const picture of shuffled(group, stream(seed, 'fold', classes[label]!))) fold.set(picture, fold.size % folds);
  });
  return fold;
}

export const kFold = defineProtocol({
  name: 'k-fold',
  summary: 'as many runs as folds, each tested on the fold that it was not trained on',
  options: {
    folds: { type: 'integer', default: 5, min: 2, max: 100, help: 'parts that the pictures are dealt into' },
  },
  choices: {
    split:
      "all pictures, the data's own splits joined, dealt into folds class by class; validation is cut off the training folds",
    selection: 'validation top-1, where --keep best or --patience asks for it; the test fold selects nothing',
    seeds: '--split-seed for the folds, --seed for everything in training, the same in all folds',
    ...asCheckpoint,
  },
  countedBy: 'its option folds',
  rounds: ({ folds }) => Array.from({ length: folds }, (_, i) => `fold-${i + 1}`),
  divide(listing, round, { folds }, { seed, valFraction }) {
    const all = everyPicture(listing);
    const { root, classes } = listing;
    const counts = classes.map((_, label) => all.filter((picture) => picture.label === label).length);
    const few = counts.findIndex((count) => count < folds);
    if (few >= 0)
      throw new DataError(
        `data ${root}: class ${classes[few]} has ${counts[few]} pictures, too few for ${folds} folds; take fewer, or leave the class out`,
      );
    const fold = deal(all, classes, folds, seed);
    const held = Number(round.slice('fold-'.length)) - 1;
    const test = all.filter((picture) => fold.get(picture) === held);
    const rest = all.filter((picture) => fold.get(picture) !== held);
    if (valFraction > 0) requireEnough(root, rest, classes, ['validation']);
    const [train, val] =
      valFraction > 0 ? cutOff(rest, classes, Math.round(rest.length * valFraction), seed, 'validation') : [rest, []];
    return {
      splits: { train, val, test },
      shifts: new Map(),
      splitRule: `${round} of ${folds}, stratified, seed ${seed}`,
    };
  },
});
