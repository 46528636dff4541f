// What advice is asked for, and the specs of the runs that it stands on.

import { OptionError } from '../base/errors.ts';
import type { OptionTable } from '../base/options.ts';
import { locateData } from '../data/locate.ts';
import { defaultModel, locateModel } from '../model/locate.ts';
import type { Device } from '../runtime/session.ts';
import { parseRunSpec, type RunSpec } from '../train/spec.ts';
import type { StartPoint } from './warm-start.ts';

export interface AdviseOptions {
  /** Data as `train` takes it: a folder of pictures or a built-in set. Needs validation pictures; test pictures are left alone. */
  readonly data: string;
  readonly model?: string | undefined;
  /** Options of the data, as `train` takes them. */
  readonly dataOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds that probing may take, all sittings together (default 600); 0 = the head on cached features only. */
  readonly budget?: number | undefined;
  /** Epochs of the run that is asked about (default 20). */
  readonly epochs?: number | undefined;
  /** Methods to choose among, by name (left out = all that the published study has and the backbone takes). */
  readonly methods?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** Expected loss that makes no difference, in points (default 1). */
  readonly tolerance?: number | undefined;
  /** Where probes are kept (left out = runs/<data>-advice-<id>); the same question there goes on where it stopped. */
  readonly folder?: string | undefined;
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  /** Aborted: the step under way is finished, the state saved, and the advice is what was found so far. */
  readonly signal?: AbortSignal | undefined;
}

/** With every default filled in. */
export interface Question {
  /** Absolute, or a built-in set's name. */
  readonly data: string;
  readonly model: string;
  readonly dataOptions: Readonly<Record<string, unknown>>;
  readonly budget: number;
  readonly epochs: number;
  readonly methods: readonly string[] | undefined;
  readonly seed: number;
  readonly tolerance: number;
}

/** The options of a plain number, for flags and checks. */
export const adviceNumbers = {
  epochs: { type: 'integer', default: 20, min: 1, max: 10_000, help: 'epochs of the run that is asked about' },
  seed: { type: 'integer', default: 0, min: 0, max: 2 ** 31 - 1, help: 'seed of the probes' },
  tolerance: { type: 'number', default: 1, min: 0, max: 100, help: 'points that make no difference' },
} as const satisfies OptionTable;

const defaultBudget = 600;

/** Throws OptionError or CheckpointError. */
export function questionOf(options: AdviseOptions): Question {
  const { budget = defaultBudget } = options;
  if (!(budget >= 0 && Number.isFinite(budget)))
    throw new OptionError(`advise: budget must be a number of seconds of at least 0, got ${budget}`);
  return {
    data: locateData(options.data),
    model: locateModel(options.model ?? defaultModel),
    dataOptions: options.dataOptions ?? {},
    budget,
    epochs: options.epochs ?? adviceNumbers.epochs.default,
    methods: options.methods,
    seed: options.seed ?? adviceNumbers.seed.default,
    tolerance: options.tolerance ?? adviceNumbers.tolerance.default,
  };
}

/** The published study's set-up (its points belong to its variants), at another number of epochs. */
export const advicePreset = 'study';
/** Its share of warm-up: 10 epochs of 100. */
const warmupShare = 0.1;

/**
 * How a grid point is trained in so many epochs. By the step: the study's schedule, by the epoch, spends the first of a few
 * epochs at next to no rate.
 */
export const trainingAt = ({ training }: StartPoint, epochs: number) => ({
  ...training,
  epochs,
  warmupEpochs: warmupShare * epochs,
  schedule: 'cosine',
});

/** A run of the method at a grid point: what a probe trains, and with all epochs what is advised. */
export function specAt(question: Question, method: string, point: StartPoint, epochs: number): RunSpec {
  return parseRunSpec({
    data: question.data,
    model: question.model,
    methods: [{ name: method, options: point.options }],
    preset: advicePreset,
    training: { ...trainingAt(point, epochs), seed: question.seed },
    dataOptions: question.dataOptions,
  });
}
