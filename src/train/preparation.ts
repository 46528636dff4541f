// How a run's pictures are prepared: as the checkpoint says, changed by the protocol, changed by the run's own options.
import { clipMean, clipStd, imagenetMean, imagenetStd, type Preprocessing } from '../base/preprocessing.ts';
import { configureProtocol } from '../data/protocols/index.ts';
import type { RunSpec } from './spec.ts';
import { asModel } from './training-options.ts';

type Normalisation = Pick<Preprocessing, 'mean' | 'std'>;

/** By name of the option `normalise`. */
const normalisations: Readonly<Record<string, Normalisation>> = {
  none: { mean: [0, 0, 0], std: [1, 1, 1] },
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  imagenet: { mean: imagenetMean, std: imagenetStd },
  clip: { mean: clipMean, std: clipStd },
};

/** `own`: the checkpoint's, at the run's image size. */
export function preparationOf({ protocol, dataOptions }: RunSpec, own: Preprocessing): Preprocessing {
  const configured = configureProtocol(protocol);
  const byProtocol = configured.protocol.preprocessing?.(configured.options) ?? {};
  const { resize, resizeTo, interpolation, normalise } = dataOptions;
  const side = Math.max(...own.imageSize);
  const changed: Preprocessing = {
    ...own,
    ...byProtocol,
    ...(resize === asModel ? {} : { resize }),
    ...(interpolation === asModel ? {} : { interpolation }),
    ...normalisations[normalise],
  };
  // A checkpoint's margin belongs to its own way of resizing: with another one nothing is cropped unless asked for.
  const margin = changed.resize === own.resize ? own.resizeTo : side;
  return { ...changed, resizeTo: Math.max(side, resizeTo || (byProtocol.resizeTo ?? margin)) };
}
