// The pictures of a run: opens the data, decodes what isn't cached yet, and hands out bytes by index.
import { DataError } from '../base/errors.ts';
import { sha256 } from '../base/identity.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { shuffled, stream } from '../base/rng.ts';
import { type Augmentation, augment } from '../data/augment.ts';
import { openPack, type Pack, type Unreadable } from '../data/cache.ts';
import { type Dataset, type Picture, type SplitName, splitNames } from '../data/dataset.ts';
import { openDataset } from '../data/sources/index.ts';
import { byName } from '../data/split.ts';
import { enlarged, type Geometry } from '../data/transform.ts';
import type { Pictures } from './evaluator.ts';
import type { RunEvent } from './events.ts';
import type { RunSpec } from './spec.ts';

export interface EvaluationPictures extends Pictures {
  readonly labels: Int32Array;
  readonly names: readonly string[];
}

export interface TrainingPictures {
  readonly count: number;
  readonly labels: Int32Array;
  /** The order of an epoch: all indices, shuffled. */
  order(seed: number, epoch: number): readonly number[];
  /** Copies picture `index` as this epoch sees it. */
  augmented(index: number, epoch: number, out: Uint8Array, offset: number): void;
}

export interface RunData {
  readonly name: string;
  readonly classes: readonly string[];
  readonly splitRule: string;
  readonly fingerprint: string;
  readonly unreadable: readonly Unreadable[];
  readonly train: TrainingPictures;
  readonly val: EvaluationPictures;
  readonly test: EvaluationPictures;
  /** What the run folder keeps: classes, fingerprint, and every split's names and labels. */
  readonly record: unknown;
}

/** One fingerprint over those of the splits. */
export const fingerprintOfSplits = (of: (split: SplitName) => string): string =>
  sha256(splitNames.map((split) => `${split} ${of(split)}`).join('\n'));

const labelsOf = (pictures: readonly Picture[]) => Int32Array.from(pictures, ({ label }) => label);

function evaluationPictures(pack: Pack): EvaluationPictures {
  const { pictures } = pack;
  return {
    count: pictures.length,
    labels: labelsOf(pictures),
    names: pictures.map(({ name }) => name),
    copy: pack.copy,
  };
}

/** Bytes a side more than the network's input that random crops are cut from. */
const cropReserve = 2;

function trainingPictures(pack: Pack, geometry: Geometry, augmentation: Augmentation, seed: number): TrainingPictures {
  const { pictures, bytesPerPicture } = pack;
  const [height, width] = geometry.imageSize;
  const held = augmentation.randomResizedCrop ? enlarged(geometry, cropReserve) : geometry;
  const buffer = new Uint8Array(bytesPerPicture);
  return {
    count: pictures.length,
    labels: labelsOf(pictures),
    order: (orderSeed, epoch) =>
      shuffled(
        pictures.map((_, i) => i),
        stream(orderSeed, 'shuffle', epoch),
      ),
    augmented(index, epoch, out, offset) {
      if (!augmentation.flip && !augmentation.randomResizedCrop) return pack.copy(index, out, offset);
      pack.copy(index, buffer, 0);
      const pixels = { width: held.imageSize[1], height: held.imageSize[0], rgb: buffer };
      out.set(augment(pixels, [height, width], augmentation, { seed, epoch, index }), offset);
    },
  };
}

/** Milliseconds between two words on decoding. */
const tellEvery = 200;

/** Decodes what a split needs, telling how far it is. */
async function* packOf(
  pictures: readonly Picture[],
  geometry: Geometry,
  strict: boolean,
): AsyncGenerator<RunEvent, Pack, void> {
  const queue: RunEvent[] = [];
  let told = 0;
  let wake = () => {};
  const opening = openPack({
    pictures,
    geometry,
    strict,
    onProgress: (done, total) => {
      if (done < total && performance.now() - told < tellEvery) return;
      told = performance.now();
      queue.push({ type: 'decoding', done, total });
      wake();
    },
  });
  let settled = false;
  opening.then(
    () => {
      settled = true;
      wake();
    },
    () => {
      settled = true;
      wake();
    },
  );
  while (!settled || queue.length > 0) {
    const event = queue.shift();
    if (event) yield event;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (settled) resolve();
      });
  }
  return await opening;
}

/** The data of a spec in the splits that it trains and tests on. Throws DataError. */
export async function openSplits({ data, dataOptions }: Pick<RunSpec, 'data' | 'dataOptions'>): Promise<Dataset> {
  const { splitSeed, valFraction, testFraction, trainCount, trainOnVal } = dataOptions;
  const dataset = await openDataset(data, { seed: splitSeed, valFraction, testFraction, trainCount });
  if (!trainOnVal) return dataset;
  const { train, val, test } = dataset.splits;
  return {
    ...dataset,
    splits: { train: [...train, ...val].sort(byName), val: [], test },
    splitRule: `${dataset.splitRule}; trained on validation too`,
  };
}

/** Opens the data of a spec. Throws DataError. */
export async function* openRunData(
  spec: RunSpec,
  preprocessing: Preprocessing,
  strict: boolean,
): AsyncGenerator<RunEvent, RunData, void> {
  const { flip, randomResizedCrop, seed } = spec.training;
  const dataset = await openSplits(spec);
  const packs = {} as Record<SplitName, Pack>;
  for (const split of splitNames) {
    const geometry = split === 'train' && randomResizedCrop ? enlarged(preprocessing, cropReserve) : preprocessing;
    const { imageSize, resize, resizeTo, interpolation } = geometry;
    packs[split] = yield* packOf(dataset.splits[split], { imageSize, resize, resizeTo, interpolation }, strict);
  }
  dataset.classes.forEach((name, label) => {
    if (packs.train.pictures.some((picture) => picture.label === label)) return;
    const first = packs.train.unreadable[0];
    throw new DataError(
      `data ${dataset.root}: no training picture of class ${name} can be read${first ? ` (${first.reason})` : ''}`,
    );
  });
  const fingerprint = fingerprintOfSplits((split) => packs[split].fingerprint);
  const augmentation = { flip, randomResizedCrop, interpolation: preprocessing.interpolation };
  return {
    name: dataset.name,
    classes: dataset.classes,
    splitRule: dataset.splitRule,
    fingerprint,
    unreadable: splitNames.flatMap((split) => packs[split].unreadable),
    train: trainingPictures(packs.train, preprocessing, augmentation, seed),
    val: evaluationPictures(packs.val),
    test: evaluationPictures(packs.test),
    record: {
      name: dataset.name,
      root: dataset.root,
      fingerprint,
      splitRule: dataset.splitRule,
      classes: dataset.classes,
      splits: Object.fromEntries(
        splitNames.map((split) => [split, packs[split].pictures.map(({ name, label }) => [name, label])]),
      ),
      unreadable: splitNames.flatMap((split) => packs[split].unreadable),
    },
  };
}
