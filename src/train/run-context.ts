// What the parts of a run share: what was asked for, and what was opened for it.
import type { Backbone } from '../model/load.ts';
import type { Device, Runtime } from '../runtime/session.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { GroupPlace } from './group-place.ts';
import type { RunData } from './run-data.ts';
import type { RunSpec } from './spec.ts';
import type { HeadStart } from './zero-shot.ts';

/**
 * When what the frozen part of the network makes of each picture is kept on disk (features.ts). `auto`: where at least a tenth of the work is saved and the disk space allowed suffices. `on`: wherever the graph can be cut;
 * an error where the training pictures can't be kept.
 */
export const featureCacheModes = ['auto', 'on', 'off'] as const;
export type FeatureCacheMode = (typeof featureCacheModes)[number];

export interface RunOptions {
  readonly spec: RunSpec;
  /** The run's folder; left out = runs/<data>-<methods>-<id> below the working folder. */
  readonly folder?: string | undefined;
  /** Go on from the folder's last save, or start where there is none. */
  readonly resume?: boolean | undefined;
  /** Fail at the first unreadable picture instead of skipping it. */
  readonly strict?: boolean | undefined;
  /** Evaluate the test pictures at the end (left out = yes). Grid points of a study don't: test pictures choose nothing. */
  readonly test?: boolean | undefined;
  /** Test at every alpha of WiSE-FT too, where there are shifted test sets (left out = no): ten more evaluations. */
  readonly wise?: boolean | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  /** Whether what the frozen part of the network makes of a picture is kept on disk (left out = auto). */
  readonly featureCache?: FeatureCacheMode | undefined;
  /** Its place among runs that are trained together (run-group.ts). */
  readonly place?: GroupPlace | undefined;
  /** Aborted: the step under way is finished, the state saved, and the run ends with `interrupted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface Run {
  readonly options: RunOptions;
  readonly spec: RunSpec;
  readonly id: string;
  readonly folder: string;
  readonly backbone: Backbone;
  readonly data: RunData;
  readonly runtime: Runtime;
  readonly saved: Checkpoint | undefined;
  readonly headStart: HeadStart | undefined;
}
