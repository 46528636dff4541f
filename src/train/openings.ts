// What runs that are trained together read of the same files: read once for all of them.

import { identity, type Json } from '../base/identity.ts';
import { listFingerprint } from '../data/cache.ts';
import type { Dataset, Picture } from '../data/dataset.ts';
import { type Backbone, type LoadOptions, loadBackbone } from '../model/load.ts';
import { type DataSpec, openSplits } from './data-splits.ts';

export interface Openings {
  backbone(path: string, options: LoadOptions): Promise<Backbone>;
  splits(spec: DataSpec): Promise<Dataset>;
  /** Over names, labels and contents of a list that `splits` gave. */
  fingerprint(pictures: readonly Picture[]): Promise<string>;
}

/** Files are looked at when they are first asked for, and then taken to stay as they are. */
export function createOpenings(): Openings {
  const known = new Map<unknown, Promise<unknown>>();
  const once = <T>(key: unknown, open: () => Promise<T>): Promise<T> => {
    const opened = known.get(key) ?? open();
    known.set(key, opened);
    return opened as Promise<T>;
  };
  return {
    backbone: (path, options) => once(identity({ path, ...options } as Json), () => loadBackbone(path, options)),
    splits: ({ data, dataOptions, protocol }) =>
      once(identity({ data, dataOptions, protocol } as unknown as Json), () =>
        openSplits({ data, dataOptions, protocol }),
      ),
    fingerprint: (pictures) => once(pictures, () => listFingerprint(pictures)),
  };
}
