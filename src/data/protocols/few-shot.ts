// k pictures a class. Draws are nested: with one seed, the pictures of 1 shot are among those of 2, these among those of 4, and so
// on, so that a curve over k shows more data and not other data.
import { DataError } from '../../base/errors.ts';
import { shuffled, stream } from '../../base/rng.ts';
import type { Picture } from '../dataset.ts';
import { byName } from '../split.ts';
import { holdOut } from './holdout.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

/** Each class in the seed's order. */
export function drawOrder(pictures: readonly Picture[], classes: readonly string[], seed: number): Picture[][] {
  const groups: Picture[][] = classes.map(() => []);
  for (const picture of [...pictures].sort(byName)) groups[picture.label]!.push(picture);
  return groups.map((group, label) => shuffled(group, stream(seed, 'draw', classes[label]!)));
}

export const fewShot = defineProtocol({
  name: 'few-shot',
  summary: 'k training pictures a class, nested from k to k',
  options: {
    shots: { type: 'integer', default: 16, min: 1, help: 'training pictures a class', grid: [1, 2, 4, 8, 16] },
    valShots: {
      type: 'integer',
      default: 4,
      min: 0,
      help: 'validation pictures a class, where the data has no such split',
    },
  },
  choices: {
    split:
      "training pictures are the first k of each class in the seed's order, validation the last of it; test is the data's own, else cut off before",
    selection: 'validation top-1, where --keep best or --patience asks for it; else the last epoch',
    seeds: '--split-seed for the draw (repeat with several: at few shots it moves results more than the method does)',
    ...asCheckpoint,
  },
  countedBy: 'its option shots',
  rounds: ({ shots }) => [`${shots}-shot`],
  divide(listing, _round, { shots, valShots }, split) {
    const { classes, root } = listing;
    const { splits } = holdOut(listing, { ...split, valFraction: 0, trainCount: 0 });
    const orders = drawOrder(splits.train, classes, split.seed);
    const own = splits.val.length > 0;
    const needed = shots + (own ? 0 : valShots);
    const few = orders.findIndex((order) => order.length < needed);
    if (few >= 0)
      throw new DataError(
        `data ${root}: class ${classes[few]} has ${orders[few]!.length} pictures for training; ${shots} shots${own || valShots === 0 ? '' : ` and ${valShots} for validation`} need ${needed}`,
      );
    const train = orders.flatMap((order) => order.slice(0, shots)).sort(byName);
    const val = own || valShots === 0 ? splits.val : orders.flatMap((order) => order.slice(-valShots)).sort(byName);
    return {
      splits: { train, val, test: splits.test },
      shifts: new Map(),
      splitRule: `${shots} a class, seed ${split.seed}`,
    };
  },
});
