// What a run tells while it goes on: plain records, one JSON line each with --json.
import type { Metrics } from './metrics.ts';
import type { RunSpec } from './spec.ts';

export interface Unreadable {
  readonly name: string;
  readonly reason: string;
}

export type RunEvent =
  | { readonly type: 'decoding'; readonly done: number; readonly total: number }
  /** Pictures that went through the frozen part of the network, to be kept for all epochs. */
  | { readonly type: 'features'; readonly done: number; readonly total: number }
  | {
      readonly type: 'start';
      readonly id: string;
      readonly folder: string;
      readonly spec: RunSpec;
      readonly classes: readonly string[];
      /** `shifted`: test sets of other domains, by name. */
      readonly pictures: {
        readonly train: number;
        readonly val: number;
        readonly test: number;
        readonly shifted: Readonly<Record<string, number>>;
      };
      readonly splitRule: string;
      readonly unreadable: readonly Unreadable[];
      /** Trained scalars with and without the head, and all of the network's. */
      readonly trainable: number;
      readonly trainableWithoutHead: number;
      readonly total: number;
      /** The step that a resumed run goes on from; 0 = from the start. */
      readonly resumedFrom: number;
    }
  | {
      readonly type: 'probe';
      readonly microBatch: number;
      readonly imagesPerSecond: number;
      readonly secondsExpected: number;
      readonly peakMemoryBytes: number;
    }
  | {
      readonly type: 'step';
      readonly epoch: number;
      readonly step: number;
      readonly steps: number;
      readonly loss: number;
      readonly learningRate: number;
      /** For how long the step waited for its pictures. */
      readonly dataSeconds: number;
      readonly imagesPerSecond: number;
      readonly secondsLeft: number;
    }
  | {
      readonly type: 'epoch';
      readonly epoch: number;
      readonly epochs: number;
      readonly train: { readonly loss: number; readonly top1: number };
      readonly val: Metrics | undefined;
      readonly learningRate: number;
      readonly seconds: number;
    }
  | { readonly type: 'saved'; readonly step: number }
  | { readonly type: 'interrupted'; readonly step: number; readonly folder: string }
  | {
      readonly type: 'done';
      readonly id: string;
      readonly folder: string;
      /** The epoch whose parameters were kept, and why the run ended before its last epoch, if it did. */
      readonly keptEpoch: number;
      readonly stoppedEarly: boolean;
      readonly val: Metrics | undefined;
      readonly test: Metrics | undefined;
      /** Every test set by name, `test` and shifted ones. */
      readonly tests: Readonly<Record<string, Metrics>>;
      readonly seconds: number;
      /** Of training, by the whole process: what earlier runs left there and runs beside this one count too. */
      readonly peakMemoryBytes: number;
    };

export type DoneEvent = Extract<RunEvent, { type: 'done' }>;
export type EpochEvent = Extract<RunEvent, { type: 'epoch' }>;
