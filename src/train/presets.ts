// Named defaults: what stands where a spec says nothing. A preset never overrides what is given.
import { OptionError } from '../base/errors.ts';
import { unknownName } from '../base/suggest.ts';
import type { Method } from '../methods/method.ts';
import type { trainingOptions } from './training-options.ts';

export interface Preset {
  readonly name: string;
  readonly summary: string;
  readonly training: { readonly [K in keyof typeof trainingOptions]?: number | string | boolean };
  /** Defaults of a method's options, by the options that it has. */
  readonly methodOptions: (method: Method) => Readonly<Record<string, number | string | boolean>>;
}

/**
 * The published study's set-up for VTAB-1k (arXiv 2409.16434, appendix; its released configs): AdamW with decay on everything
 * in one group, 100 epochs, 10 of warm-up, a cosine by the epoch from 1e-3 to 1e-5, batches of 64, drop-path 0.1, and every
 * method as its code computes it, with dropout 0.1 inside inserted modules.
 */
const study: Preset = {
  name: 'study',
  summary:
    "the published study's: its variants, AdamW on everything, 100 epochs, its schedule by the epoch, drop-path 0.1",
  training: {
    epochs: 100,
    batchSize: 64,
    optimizer: 'adamw',
    learningRate: 1e-3,
    weightDecay: 1e-4,
    decayOn: 'all',
    schedule: 'study',
    warmupEpochs: 10,
    warmupStart: 1e-6,
    minLearningRate: 1e-5,
    dropPath: 0.1,
  },
  methodOptions: ({ options }) => ({
    ...('variant' in options ? { variant: 'study' } : {}),
    ...('dropout' in options ? { dropout: 0.1 } : {}),
  }),
};

export const presets: readonly Preset[] = [study];

/** The preset called `name`. Throws OptionError with the nearest known name. */
export function presetNamed(name: string): Preset {
  const preset = presets.find((p) => p.name === name);
  if (preset) return preset;
  throw new OptionError(
    unknownName(
      'preset',
      name,
      presets.map((p) => p.name),
    ),
  );
}
