// A trial: one training run of a study, told apart from all others by the hash of everything that decides its result, with
// what the data and the backbone hold in place of where they lie. Two studies that need the same trial share it.
import { identity, type Json } from '../base/identity.ts';
import { identifying } from '../base/options.ts';
import type { RunSpec } from '../train/spec.ts';
import { trainingOptions } from '../train/training-options.ts';

/** Tuning runs train on train and are measured on val; final runs train on both and are tested, once. */
export type Phase = 'tune' | 'final';

export interface TrialSpec {
  readonly phase: Phase;
  readonly run: RunSpec;
  readonly threads: number;
  readonly fingerprints: { readonly data: string; readonly model: string };
}

/** 16 hex digits. Threads are left out: they move results by rounding only, and are the same within a study. */
export function trialId({ phase, run, fingerprints }: TrialSpec): string {
  const { methods, dataOptions, protocol } = run;
  const training = identifying(trainingOptions, run.training);
  const { imageSize, trainOnVal } = dataOptions; // the rest of the data's options is in its fingerprint
  return identity({ phase, methods, training, imageSize, trainOnVal, protocol, ...fingerprints } as unknown as Json);
}
