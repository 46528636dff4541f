// What a study needs from the rest of vitune and is handed: what data and models hold, and the run itself. The study room
// thus stays free of the engine, and tests can run trials that cost nothing.
import type { Method } from '../methods/method.ts';
import type { RunEvent } from '../train/events.ts';
import type { Metrics } from '../train/metrics.ts';
import type { RunSpec } from '../train/spec.ts';
import type { PlanPreset } from './plan.ts';
import type { TrialSpec } from './trial.ts';

export interface DataFacts {
  readonly name: string;
  readonly classes: number;
  /** The family of data that it is of, where that is known: for means within groups. */
  readonly group?: string | undefined;
  readonly pictures: { readonly train: number; readonly val: number; readonly test: number };
  /** Forward passes over a picture that testing a final run takes: every test set, WiSE-FT's curves included. */
  readonly testPasses: number;
  readonly fingerprint: string;
}

/** The shape of a backbone, as a method asks for it when it decides whether it can be taken. */
export type BackboneConfig = Parameters<NonNullable<Method['refuses']>>[0];

export interface ModelFacts {
  /** Name in tables. */
  readonly name: string;
  readonly config: BackboneConfig;
  readonly fingerprint: string;
}

/** What a finished trial leaves for the store. */
export interface TrialResult {
  readonly val: Metrics | undefined;
  /** By test set: `test`, then shifted ones; empty where nothing was tested. */
  readonly tests: Readonly<Record<string, Metrics>>;
  /** Trained scalars without the head. */
  readonly parameters: number;
  readonly seconds: number;
  /** Peak memory of the process that trained, bytes. */
  readonly memory: number;
  readonly keptEpoch: number;
  /** For each validation picture 1 where the prediction was right, else 0: what the paired bootstrap draws from. */
  readonly valRight: Uint8Array | undefined;
  /** The run's files that are needed later, by name: logits and adapter. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

export interface TrialJob {
  readonly id: string;
  readonly spec: TrialSpec;
  /** Holds the run's checkpoints: a trial that was interrupted goes on from there. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void | Promise<void>;
  /** Its place among trials that are trained together. Left out = alone. */
  readonly place?: Place | undefined;
}

/** A trial's place in a group; the next trial of the group starts once it is settled. */
export interface Place {
  readonly settled: Promise<void>;
  /** The trial ended, whether or not it came as far as to train. */
  leave(): void;
}

/** Trials that are trained in one graph, each with the result of the trial alone. */
export interface Together {
  /** Equal for trials that can be, where that is faster than one after the other; undefined for a trial that is better alone. */
  key(spec: TrialSpec): Promise<string | undefined>;
  /** Places for a group. */
  places(count: number): readonly Place[];
}

export interface StudyEnvironment {
  /** Plans that others may start from. */
  readonly presets: readonly PlanPreset[];
  /** The embedded model's name. */
  readonly defaultModel: string;
  /** Where the data lie, made absolute; a built-in name stays as it is. */
  locateData(reference: string, from: string): string;
  locateModel(reference: string, from: string): string;
  /** Both throw a VituneError for what isn't there. */
  data(spec: Pick<RunSpec, 'data' | 'dataOptions' | 'protocol'>): Promise<DataFacts>;
  model(folder: string): Promise<ModelFacts>;
  /** Left out = every trial is trained alone. */
  readonly together?: Together;
  /** Trains. Undefined = it was interrupted by the signal and saved. Throws for a run that failed. */
  run(job: TrialJob): Promise<TrialResult | undefined>;
}
