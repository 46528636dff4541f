// A fraction of a training set, the same share of each class, nested from fraction to fraction: how methods fare as data grows
// (Mai et al. 2024, arXiv 2409.16434, section 5).
import { DataError } from '../../base/errors.ts';
import { byName, cutOff } from '../split.ts';
import { drawOrder } from './few-shot.ts';
import { holdOut } from './holdout.ts';
import { asCheckpoint, defineProtocol } from './protocol.ts';

/** The study's series: training pictures (validation included) and the share of them that tuning validates on. */
export const publishedSeries: readonly {
  readonly data: string;
  readonly full: number;
  readonly counts: readonly number[];
  /** Up to 1,000 pictures a fifth, above a tenth. */
  readonly valFraction: (count: number) => number;
}[] = [
  {
    data: 'CIFAR-100',
    full: 50_000,
    counts: [500, 1000, 5000, 10_000, 50_000],
    valFraction: (n) => (n <= 1000 ? 0.2 : 0.1),
  },
  {
    data: 'RESISC45',
    full: 25_200,
    counts: [225, 450, 900, 2250, 4500, 9000, 25_200],
    valFraction: (n) => (n <= 450 ? 0.2 : 0.1),
  },
  // Released for the whole set only, which VTAB splits into 63,000 and 7,000.
  { data: 'Clevr-distance', full: 70_000, counts: [70_000], valFraction: () => 0.1 },
];

export const manyShot = defineProtocol({
  name: 'many-shot',
  summary: 'a fraction of the training set, nested from fraction to fraction',
  options: {
    fraction: {
      type: 'number',
      default: 0.1,
      min: 0,
      above: true,
      max: 1,
      help: 'share of the training pictures, validation included',
      grid: [0.01, 0.02, 0.1, 0.2, 1],
    },
  },
  choices: {
    split:
      "the first pictures of each class in the seed's order, in proportion; validation is cut off them, test is the data's own, else cut off before",
    selection: 'validation top-1, where --keep best or --patience asks for it; else the last epoch',
    seeds: '--split-seed for the draw, --seed for everything in training',
    ...asCheckpoint,
  },
  countedBy: 'its option fraction',
  rounds: ({ fraction }) => [`${+(100 * fraction).toPrecision(6)}%`],
  divide(listing, round, { fraction }, split) {
    const { classes, root } = listing;
    const { splits } = holdOut(listing, { ...split, valFraction: 0, trainCount: 0 });
    const orders = drawOrder(splits.train, classes, split.seed);
    const cutVal = splits.val.length === 0 && split.valFraction > 0;
    const least = cutVal ? 2 : 1;
    const drawn = orders.flatMap((order) => order.slice(0, Math.max(least, Math.round(order.length * fraction))));
    const few = orders.findIndex((order) => order.length < least);
    if (few >= 0)
      throw new DataError(
        `data ${root}: class ${classes[few]} has ${orders[few]!.length} pictures for training, too few`,
      );
    const [train, val] = cutVal
      ? cutOff(drawn, classes, Math.round(drawn.length * split.valFraction), split.seed, 'validation')
      : [drawn.sort(byName), splits.val];
    return {
      splits: { train, val, test: splits.test },
      shifts: new Map(),
      splitRule: `${round} of the training pictures, seed ${split.seed}`,
    };
  },
});
