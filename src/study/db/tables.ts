// The study store's tables as Kysely sees them; migrations/ makes them. Times are milliseconds since 1970, as doubles: one
// meaning in every driver.
import type { ColumnType } from 'kysely';
import type { StudyStatus, TrialState } from '../rows.ts';

/** A JSON column: text goes in, the parsed value comes out. */
type JsonColumn<T> = ColumnType<T, string, string>;
type Bytes = ColumnType<Uint8Array, Uint8Array, Uint8Array>;

export type AttemptOutcome = 'done' | 'failed' | 'stopped' | 'lost';

export interface StudyTable {
  readonly id: string;
  readonly name: string;
  readonly plan: JsonColumn<unknown>;
  readonly cells: JsonColumn<unknown>;
  readonly status: StudyStatus;
  readonly created: number;
}

export interface TrialTable {
  readonly id: string;
  readonly state: TrialState;
  /** Attempts that ended in an error; attempts whose worker died. */
  readonly failures: ColumnType<number, number | undefined, number>;
  readonly deaths: ColumnType<number, number | undefined, number>;
  readonly reason: string | null;
  /** The attempt that holds the trial: only it may change the trial. */
  readonly attempt: string | null;
}

export interface TrialSpecTable {
  readonly trial: string;
  readonly spec: JsonColumn<unknown>;
}

/** Which study wants which trial, and as what. */
export interface StudyTrialTable {
  readonly study: string;
  readonly trial: string;
  readonly cell: number;
  readonly phase: 'tune' | 'final';
  /** Round of successive halving, from 0. */
  readonly round: number;
  /** Order within the study. */
  readonly ordinal: number;
  readonly point: JsonColumn<unknown>;
  /** The budget ran out before it was tried. */
  readonly skipped: ColumnType<boolean, boolean | undefined, boolean>;
}

export interface AttemptTable {
  readonly id: string;
  readonly trial: string;
  readonly worker: string;
  readonly started: number;
  readonly ended: number | null;
  readonly outcome: AttemptOutcome | null;
  readonly reason: string | null;
  /** Of an attempt that failed: what it told, and the error in full. */
  readonly log: ColumnType<string | null, string | null | undefined, string | null>;
}

export interface EpochTable {
  readonly trial: string;
  readonly epoch: number;
  readonly record: JsonColumn<unknown>;
}

export interface ResultTable {
  readonly trial: string;
  readonly val: JsonColumn<unknown> | null;
  /** By test set. */
  readonly tests: JsonColumn<unknown> | null;
  readonly parameters: number;
  readonly seconds: number;
  /** Bytes; null where the trial is older than the column. */
  readonly memory: number | null;
  readonly kept_epoch: number;
  readonly val_right: Bytes | null;
}

export interface ArtifactTable {
  readonly trial: string;
  readonly name: string;
  /** From 0; `sha256` is that of all parts together. */
  readonly part: number;
  readonly sha256: string;
  readonly bytes: Bytes;
}

export interface WorkerTable {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly started: number;
  readonly heartbeat: number;
  readonly stopped: ColumnType<boolean, boolean | undefined, boolean>;
  readonly progress: JsonColumn<unknown> | null;
}

/** Results of others, to compare with. */
export interface ReferenceTable {
  readonly source: string;
  readonly path: string;
  readonly record: JsonColumn<unknown>;
}

export interface Tables {
  readonly study: StudyTable;
  readonly trial: TrialTable;
  readonly trial_spec: TrialSpecTable;
  readonly study_trial: StudyTrialTable;
  readonly attempt: AttemptTable;
  readonly epoch: EpochTable;
  readonly result: ResultTable;
  readonly artifact: ArtifactTable;
  readonly worker: WorkerTable;
  readonly reference: ReferenceTable;
}
