// What a protocol is: how a listed set is divided for training, validation and test, and everything that goes without saying
// elsewhere, said. One record in a file of its own, listed once in index.ts; flags and docs derive from it.
import type { OptionTable, ValuesOf } from '../../base/options.ts';
import type { Preprocessing } from '../../base/preprocessing.ts';
import type { Dataset, Listing, SplitOptions } from '../dataset.ts';

/** The choices that papers leave out and results depend on, in words. */
export interface Choices {
  readonly split: string;
  /** What hyper-parameters and epochs are chosen by. */
  readonly selection: string;
  readonly seeds: string;
  readonly normalisation: string;
  readonly crop: string;
  readonly interpolation: string;
}

/** Pictures are prepared as the checkpoint says: what every protocol does that has no rule of its own. */
export const asCheckpoint = {
  normalisation: "the checkpoint's mean and standard deviation",
  crop: "the checkpoint's resize and centre crop",
  interpolation: "the checkpoint's",
} as const;

export interface Protocol<T extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly options: T;
  readonly choices: Choices;
  /** Source to try first where none is named: this layout is the protocol's own. */
  readonly prefers?: string;
  /** Names of the runs that it takes, in order: known before any data is. */
  readonly rounds: (options: ValuesOf<T>) => readonly string[];
  /** The round that settings are tuned in; the last one then takes them to its result. Left out = each round has its own validation set. */
  readonly tuningRound?: string;
  /** Divides the set for one of the rounds; the same for the same seed on every machine. Throws DataError. */
  readonly divide: (
    listing: Listing,
    round: string,
    options: ValuesOf<T>,
    split: SplitOptions,
  ) => Pick<Dataset, 'splits' | 'shifts' | 'splitRule'>;
  /** What it changes in how pictures are prepared; left out = nothing. */
  readonly preprocessing?: (options: ValuesOf<T>) => Partial<Preprocessing>;
  /** What says how many pictures are trained on, where the division's `trainCount` can't; left out = `trainCount` does. */
  readonly countedBy?: string;
  /** Whether a shifted set with a part of the classes is scored among those only, as ImageNet-A and -R are. */
  readonly amongOwnClasses?: (options: ValuesOf<T>) => boolean;
  /** Training options where none are given; left out = the usual defaults. */
  readonly training?: Readonly<Record<string, number | string | boolean>>;
}

/** Checks the record's types; the options stay typed inside and are erased outside. */
export function defineProtocol<const T extends OptionTable>(protocol: Protocol<T>): Protocol {
  // Outside, options only ever come from parseOptions with this record's own table, so the erased type is safe.
  return protocol as unknown as Protocol;
}
