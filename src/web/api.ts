// What the dashboard's server and its pages say to each other: plain records as JSON.
import type { OptionTable } from '../base/options.ts';
import type { CellName, TrialRow, WorkerRow } from '../study/rows.ts';
import type { Standing } from '../study/standing.ts';
import type { TrialSpec } from '../study/trial.ts';

export interface StudySummary extends Standing {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly created: number;
}

/** The event stream's message: everything that the first page shows. */
export interface Snapshot {
  readonly studies: readonly StudySummary[];
  readonly workers: readonly WorkerRow[];
}

export interface StudyDetail {
  readonly id: string;
  readonly name: string;
  readonly cells: readonly CellName[];
  /** Where the plan's training starts from: shown as it is. */
  readonly plan: unknown;
  readonly trials: readonly TrialRow[];
}

/** An epoch's record, as the run told it. */
export interface EpochRecord {
  /** From 0. */
  readonly epoch: number;
  readonly train: { readonly loss: number; readonly top1: number };
  readonly val?: { readonly loss: number; readonly top1: number };
}

export interface Attempt {
  readonly worker: string;
  readonly started: number;
  readonly ended: number | null;
  readonly outcome: string | null;
  readonly reason: string | null;
  /** Of an attempt that failed: its events and the error, as lines. */
  readonly log: string | null;
}

/** A run of `vitune train`, by its folder. */
export interface RunView {
  readonly name: string;
  readonly state: 'running' | 'stopped' | 'done';
  readonly method: string;
  readonly data: string;
  readonly model: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Trained scalars without the head. */
  readonly trainable: number;
  readonly epochsWanted: number;
  readonly epochs: readonly EpochRecord[];
  /** Top-1 by test set, of a run that is done. */
  readonly tests: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly changed: number;
}

export interface RunsView {
  /** The folder that is looked into. */
  readonly folder: string;
  readonly runs: readonly RunView[];
}

export interface TrialDetail {
  readonly id: string;
  readonly spec: TrialSpec;
  readonly epochs: readonly EpochRecord[];
  readonly attempts: readonly Attempt[];
}

export interface Section {
  readonly id: string;
  readonly short: string;
  readonly title: string;
  readonly finding?: string;
  /** Markup of the report's builders, escaped by them. */
  readonly html: string;
}

/** Predictions of several methods on one set's test pictures. */
export interface PredictionView {
  readonly data: string;
  readonly classes: readonly string[];
  readonly names: readonly string[];
  /** (pictures,): index of the right class. */
  readonly labels: readonly number[];
  readonly methods: readonly {
    readonly method: string;
    readonly predicted: readonly number[];
    /** (pictures,): probability of the predicted class. */
    readonly confidence: readonly number[];
  }[];
}

export interface OverlapView {
  /** Markup of the report's builders, escaped by them. */
  readonly html: string;
}

/** A final run whose adapter is kept. */
export interface AdapterView {
  readonly trial: string;
  readonly method: string;
  readonly data: string;
  readonly seed: number;
}

export interface Guess {
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

export interface MethodForm {
  readonly name: string;
  readonly summary: string;
  readonly learningRate: number;
  readonly options: OptionTable;
}

/** What the form for a new study is built from. */
export interface FormFacts {
  readonly methods: readonly MethodForm[];
  readonly training: OptionTable;
  readonly protocols: readonly { readonly name: string; readonly summary: string; readonly options: OptionTable }[];
  /** Training options by name, and whole plans to start from. */
  readonly presets: readonly { readonly name: string; readonly summary: string; readonly plan: boolean }[];
  readonly models: readonly string[];
  readonly data: readonly { readonly name: string; readonly summary: string }[];
}

export interface Failure {
  readonly error: string;
  readonly lines?: readonly string[];
}
