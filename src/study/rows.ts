// What the study store hands out: studies, trials, workers, as plain records.
import type { Metrics } from '../train/metrics.ts';
import type { Plan } from './plan.ts';
import type { Phase, TrialSpec } from './trial.ts';

export type StudyStatus = 'running' | 'paused' | 'done';
export type TrialState = 'queued' | 'running' | 'done' | 'failed';

export interface CellName {
  readonly model: string;
  readonly data: string;
  readonly method: string;
  /** The family of data that it is of, for means within groups. */
  readonly group?: string;
  /** What the data is a part of, where a plan takes several numbers of pictures of it; studies of before have none. */
  readonly source?: string;
  /** Training and validation pictures: what final runs train on. */
  readonly pictures?: number;
}

/** Passes over a picture, counted as forward ones. */
export interface Passes {
  /** Of a tuning run of the first round. */
  readonly tune: number;
  /** Of a final run's training, and of its tests. */
  readonly final: number;
  readonly test: number;
}

export interface CellRow extends CellName {
  /** Studies of older stores don't have them. */
  readonly passes?: Passes;
}

/** What a trial is within its cell. */
export interface TrialPoint {
  readonly position: readonly number[];
  readonly params: Readonly<Record<string, unknown>>;
  /** Of a final run: its seed, and the points that the chosen one could not be told from (itself included). */
  readonly seed?: number;
  readonly tied?: number;
  readonly tried?: number;
}

export interface NewTrial {
  readonly id: string;
  readonly spec: TrialSpec;
  readonly cell: number;
  readonly phase: Phase;
  readonly round: number;
  readonly ordinal: number;
  readonly point: TrialPoint;
}

export interface StudyRow {
  readonly id: string;
  readonly name: string;
  readonly plan: Plan;
  readonly cells: readonly CellRow[];
  readonly status: StudyStatus;
  readonly created: number;
}

export interface TrialRow {
  readonly id: string;
  readonly cell: number;
  readonly phase: Phase;
  readonly round: number;
  readonly ordinal: number;
  readonly point: TrialPoint;
  readonly skipped: boolean;
  readonly state: TrialState;
  readonly failures: number;
  readonly reason: string | null;
  readonly val: Metrics | null;
  /** By test set: `test`, then shifted ones. */
  readonly tests: Readonly<Record<string, Metrics>> | null;
  readonly parameters: number | null;
  readonly seconds: number | null;
  /** Peak memory of the process that trained, bytes; trials of older stores don't have it. */
  readonly memory: number | null;
}

export interface WorkerRow {
  readonly id: string;
  readonly host: string;
  readonly pid: number;
  readonly heartbeat: number;
  readonly stopped: boolean;
  readonly progress: WorkerProgress | null;
}

export interface WorkerProgress {
  readonly trial: string;
  readonly label: string;
  readonly epoch: number;
  readonly epochs: number;
  /** Share of the trial that is done, 0 to 1. */
  readonly share: number;
}

export interface Claim {
  readonly attempt: string;
  readonly trial: string;
  readonly spec: TrialSpec;
}
