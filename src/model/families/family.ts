// A family of checkpoints: how its config.json reads, what it calls each parameter, and how its own library resamples
// position embeddings. One file a family, one line in index.ts.
import type { Preprocessing } from '../../base/preprocessing.ts';
import type { VitConfig } from '../config.ts';
import type { Resampling } from '../position-embedding.ts';

export interface Source {
  /** Name in the file. */
  readonly name: string;
  /** Rows of a fused tensor that are this parameter: first, and the one after the last. */
  readonly rows?: readonly [start: number, end: number];
}

export interface Family {
  readonly name: string;
  /** Whether a parsed config.json is one of this family. */
  readonly recognises: (config: Readonly<Record<string, unknown>>) => boolean;
  /** Throws CheckpointError where a field is missing or out of range. */
  readonly read: (config: Readonly<Record<string, unknown>>) => VitConfig;
  /** Where each canonical parameter is found. */
  readonly source: (canonical: string) => Source;
  /** Prefixes that all names may carry, tried in order; '' last. */
  readonly prefixes: readonly string[];
  /** Tensors that a file of this family may hold and that a backbone doesn't need. */
  readonly ignores: (name: string) => boolean;
  readonly resampling: Resampling;
  /** Used where the folder has no preprocessor_config.json. */
  readonly preprocessing: Pick<Preprocessing, 'interpolation' | 'mean' | 'std'>;
}
