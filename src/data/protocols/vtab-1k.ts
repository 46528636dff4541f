// VTAB-1k (Zhai et al. 2019) as the published study runs it (Mai et al. 2024, arXiv 2409.16434): tune on 800 pictures, validate on
// 200, train the chosen setting on all 1000 and test it once.
import { DataError } from '../../base/errors.ts';
import type { Listing, Picture } from '../dataset.ts';
import { defineProtocol } from './protocol.ts';

export type VtabGroup = 'natural' | 'specialized' | 'structured';

export interface VtabTask {
  /** As in the names of the study's result files. */
  readonly name: string;
  readonly group: VtabGroup;
  readonly classes: number;
}

const task =
  (group: VtabGroup) =>
  ([name, classes]: readonly [string, number]): VtabTask => ({ name, group, classes });

/** The 19 tasks in the order of the paper's table; a score is the mean of the three groups' means. */
export const vtabTasks: readonly VtabTask[] = [
  ...(
    [
      ['cifar', 100],
      ['caltech101', 102],
      ['dtd', 47],
      ['oxford_flowers102', 102],
      ['oxford_iiit_pet', 37],
      ['svhn', 10],
      ['sun397', 397],
    ] as const
  ).map(task('natural')),
  ...(
    [
      ['patch_camelyon', 2],
      ['eurosat', 10],
      ['resisc45', 45],
      ['diabetic_retinopathy', 5],
    ] as const
  ).map(task('specialized')),
  ...(
    [
      ['clevr_count', 8],
      ['clevr_dist', 6],
      ['dmlab', 6],
      ['kitti', 4],
      ['dsprites_loc', 16],
      ['dsprites_ori', 16],
      ['smallnorb_azi', 18],
      ['smallnorb_ele', 9],
    ] as const
  ).map(task('structured')),
];

function part({ root, parts }: Listing, ...names: readonly string[]): readonly Picture[] {
  const found = names.find((name) => parts.has(name));
  if (found === undefined)
    throw new DataError(
      `data ${root}: has no ${names[0]}.txt, which VTAB-1k's layout has; make it with vitune data prepare vtab-1k`,
    );
  return parts.get(found)!;
}

export const vtab1k = defineProtocol({
  name: 'vtab-1k',
  summary: 'tuned on 800/200 pictures, trained on all 1000, tested once, as VTAB-1k and the published study',
  options: {
    normalise: {
      type: 'choice',
      choices: ['none', 'model'],
      default: 'none',
      help: "pixels from 0 to 1 as they are, as the study does on VTAB, or by the checkpoint's mean and deviation",
    },
  },
  choices: {
    split: 'the four lists of the layout: train800 and val200 for tuning, train800val200 and test for the result',
    selection: 'top-1 on val200 after the last epoch; the test set selects nothing',
    seeds: 'the lists are fixed; --seed for training (the study: 42)',
    normalisation: "none: pixels from 0 to 1 (--vtab1k-normalise model for the checkpoint's)",
    crop: "none: resized to the network's input whatever the aspect ratio",
    interpolation: 'bicubic',
  },
  countedBy: 'its four lists',
  rounds: () => ['tune', 'final'],
  tuningRound: 'tune',
  divide(listing, round) {
    const train = part(listing, 'train800', 'train');
    const val = part(listing, 'val200', 'val');
    if (round === 'tune')
      return {
        splits: { train, val, test: [] },
        shifts: new Map(),
        splitRule: `${listing.rule}; tune: train800, val200`,
      };
    const both = listing.parts.get('train800val200') ?? [...train, ...val];
    const splitRule = `${listing.rule}; final: train800val200, test`;
    return { splits: { train: both, val: [], test: part(listing, 'test') }, shifts: new Map(), splitRule };
  },
  preprocessing: ({ normalise }) => ({
    resize: 'exact',
    interpolation: 'bicubic',
    ...(normalise === 'none' ? { mean: [0, 0, 0], std: [1, 1, 1] } : {}),
  }),
  training: {
    epochs: 100,
    warmupEpochs: 10,
    batchSize: 64,
    optimizer: 'adamw',
    schedule: 'study',
    minLearningRate: 1e-5,
    warmupStart: 1e-6,
    decayOn: 'all',
    dropPath: 0.1,
  },
});
