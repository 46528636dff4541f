// The pictures that an export is checked on: the run's own test pictures, spread over the split where there are many.
import { DataError, messageOf, RunError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { openPack } from '../data/cache.ts';
import type { Picture } from '../data/dataset.ts';
import { openDataset } from '../data/open.ts';
import { geometryOf } from '../data/transform.ts';
import type { Pictures } from '../train/evaluator.ts';
import type { RunSpec } from '../train/spec.ts';

export interface CheckPictures extends Pictures {
  /** Where they are from, for the certificate. */
  readonly of: string;
  close(): void;
}

/** At most `limit` pictures of the run's test split, or of its validation or training split where that is empty. */
export async function checkPictures(
  spec: RunSpec,
  preprocessing: Preprocessing,
  limit: number,
): Promise<CheckPictures> {
  const { splitSeed, imageSize: _, ...division } = spec.dataOptions;
  try {
    const { splits } = await openDataset(spec.data, { ...division, seed: splitSeed, protocol: spec.protocol });
    const split = (['test', 'val', 'train'] as const).find((name) => splits[name].length > 0)!;
    const all = splits[split];
    const step = Math.max(1, all.length / limit);
    const pictures: Picture[] = Array.from(
      { length: Math.min(limit, all.length) },
      (_unused, i) => all[Math.floor(i * step)]!,
    );
    const pack = await openPack({ pictures, geometry: geometryOf(preprocessing), strict: false });
    if (pack.pictures.length === 0) {
      pack.close();
      throw new DataError(`data ${spec.data}: no picture can be read`);
    }
    const count = pack.pictures.length;
    return {
      count,
      copy: pack.copy,
      of: `${count === all.length ? '' : `${count} of the ${all.length} pictures of `}the run's ${split} split`,
      close: () => pack.close(),
    };
  } catch (cause) {
    if (!(cause instanceof DataError)) throw cause;
    throw new RunError(
      `export: is checked on the run's pictures, and they can't be read: ${messageOf(cause)}; put them back, or give their folder with --data`,
      { cause },
    );
  }
}
