// The pictures of a run: opens the data, decodes what isn't cached yet, and hands out bytes by index.
import { DataError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { shuffled, stream } from '../base/rng.ts';
import type { Augmentation } from '../data/augment.ts';
import { openPack, type Pack, type Unreadable } from '../data/cache.ts';
import type { Picture } from '../data/dataset.ts';
import { createPrefetch } from '../data/prefetch.ts';
import { threadsWork } from '../data/threads.ts';
import { enlarged, type Geometry, geometryOf } from '../data/transform.ts';
import { isAugmented, type ViewOptions, viewOf } from '../data/view.ts';
import { fingerprintOfSets, picturesBySet } from './data-splits.ts';
import type { Pictures } from './evaluator.ts';
import type { RunEvent } from './events.ts';
import { createOpenings, type Openings } from './openings.ts';
import type { RunSpec } from './spec.ts';
import { telling } from './telling.ts';

/** Pictures that are the same at every reading. */
export interface StoredPictures extends Pictures {
  /** Hash of what they hold and of how they were decoded. */
  readonly key: string;
  readonly bytesPerPicture: number;
}

export interface EvaluationPictures extends StoredPictures {
  readonly labels: Int32Array;
  readonly names: readonly string[];
}

export interface TrainingPictures {
  readonly count: number;
  readonly labels: Int32Array;
  /** The pictures as every epoch sees them; undefined where augmentation changes them. */
  readonly unchanged: StoredPictures | undefined;
  /** The order of an epoch: all indices, shuffled. */
  order(seed: number, epoch: number): readonly number[];
  /** Writes pictures `indices`, as this epoch sees them, into `out` from its start. */
  read(indices: readonly number[], epoch: number, out: Uint8Array): Promise<void>;
  /** Says that `read` will be called with this very list soon: it may be prepared meanwhile. */
  expect(indices: readonly number[], epoch: number): void;
}

export interface RunData {
  readonly name: string;
  readonly classes: readonly string[];
  readonly splitRule: string;
  readonly fingerprint: string;
  readonly unreadable: readonly Unreadable[];
  readonly train: TrainingPictures;
  readonly val: EvaluationPictures;
  /** Test sets by name: `test`, unless the round has none, then shifted ones. */
  readonly tests: ReadonlyMap<string, EvaluationPictures>;
  /** What the run folder keeps: classes, fingerprint, and every split's names and labels. */
  readonly record: unknown;
  /** Gives files and threads back. */
  close(): void;
}

const labelsOf = (pictures: readonly Picture[]) => Int32Array.from(pictures, ({ label }) => label);

const storedPictures = ({ pictures: { length: count }, key, bytesPerPicture, copy }: Pack): StoredPictures => ({
  count,
  key,
  bytesPerPicture,
  copy,
});

function evaluationPictures(pack: Pack): EvaluationPictures {
  const { pictures } = pack;
  return {
    ...storedPictures(pack),
    labels: labelsOf(pictures),
    names: pictures.map(({ name }) => name),
  };
}

/** Bytes a side more than the network's input that random crops are cut from. */
const cropReserve = 2;
/** A pack of this size may not stay in the system's memory, so that reading it means waiting for the disk. */
const largePack = 2 ** 30;

function trainingPictures(
  pack: Pack,
  geometry: Geometry,
  augmentation: Augmentation,
  seed: number,
): TrainingPictures & { close(): void } {
  const { pictures, bytesPerPicture, path } = pack;
  const { imageSize: wanted } = geometry;
  const held = augmentation.randomResizedCrop ? enlarged(geometry, cropReserve).imageSize : wanted;
  const options: ViewOptions = { bytesPerPicture, held, wanted, augmentation, seed };
  const view = viewOf(pack, options);
  const bytes = wanted[0] * wanted[1] * 3;
  // Copying from memory takes less time than handing over.
  const slow = isAugmented(augmentation) || pictures.length * bytesPerPicture > largePack;
  const prefetch = slow && threadsWork && path !== undefined ? createPrefetch({ path, options }) : undefined;
  return {
    count: pictures.length,
    labels: labelsOf(pictures),
    unchanged: isAugmented(augmentation) ? undefined : storedPictures(pack),
    order: (orderSeed, epoch) =>
      shuffled(
        pictures.map((_, i) => i),
        stream(orderSeed, 'shuffle', epoch),
      ),
    async read(indices, epoch, out) {
      const ready = await prefetch?.take(indices, epoch);
      if (ready) out.set(ready);
      else indices.forEach((index, i) => void view(index, epoch, out, i * bytes));
    },
    expect: (indices, epoch) => prefetch?.expect(indices, epoch),
    close: () => prefetch?.close(),
  };
}

/** Opens the data of a spec. Throws DataError. */
export async function* openRunData(
  spec: RunSpec,
  preprocessing: Preprocessing,
  strict: boolean,
  openings: Openings = createOpenings(),
): AsyncGenerator<RunEvent, RunData, void> {
  const { flip, randomResizedCrop, seed } = spec.training;
  const dataset = await openings.splits(spec);
  const training = dataset.splits.train;
  const sets = picturesBySet(dataset);
  const packs = new Map<string, Pack>();
  for (const [split, pictures] of sets) {
    const geometry = split === 'train' && randomResizedCrop ? enlarged(preprocessing, cropReserve) : preprocessing;
    packs.set(
      split,
      yield* telling('decoding', (onProgress) =>
        openPack({
          ...{ pictures, strict, onProgress },
          geometry: geometryOf(geometry),
          fingerprintOf: openings.fingerprint,
        }),
      ),
    );
  }
  const trainPack = packs.get('train')!;
  requireReadable(dataset.root, dataset.classes, training, trainPack);
  const fingerprint = fingerprintOfSets([...packs].map(([set, pack]) => [set, pack.fingerprint]));
  const unreadable = [...packs.values()].flatMap((pack) => pack.unreadable);
  const augmentation = { flip, randomResizedCrop, interpolation: preprocessing.interpolation };
  const { name, root, classes, splitRule } = dataset;
  const tests = [...packs].filter(([split, { pictures }]) => !['train', 'val'].includes(split) && pictures.length > 0);
  const train = trainingPictures(trainPack, preprocessing, augmentation, seed);
  return {
    name,
    classes,
    splitRule,
    fingerprint,
    unreadable,
    train,
    val: evaluationPictures(packs.get('val')!),
    tests: new Map(tests.map(([split, pack]) => [split, evaluationPictures(pack)])),
    record: {
      name,
      root,
      fingerprint,
      splitRule,
      protocol: spec.protocol,
      classes,
      splits: Object.fromEntries(
        [...packs].map(([split, { pictures }]) => [split, pictures.map((picture) => [picture.name, picture.label])]),
      ),
      unreadable,
    },
    close() {
      train.close();
      for (const pack of packs.values()) pack.close();
    },
  };
}

/** Throws DataError where all training pictures of a class turned out to be unreadable, or there are none at all. */
function requireReadable(
  root: string,
  classes: readonly string[],
  listed: readonly Picture[],
  { pictures, unreadable }: Pack,
) {
  const readable = new Set(pictures.map(({ label }) => label));
  const lost = listed.find(({ label }) => !readable.has(label));
  const first = unreadable[0];
  if (lost)
    throw new DataError(
      `data ${root}: no training picture of class ${classes[lost.label]} can be read${first ? ` (${first.reason})` : ''}`,
    );
  if (pictures.length === 0) throw new DataError(`data ${root}: holds no training pictures`);
}
