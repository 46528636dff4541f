// What a spec tunes on a backbone, as the graphs take it.
import { configureMethods } from '../methods/index.ts';
import type { Backbone } from '../model/load.ts';
import type { Tuning } from './graphs.ts';
import type { RunSpec } from './spec.ts';
import { type HeadStart, withHead } from './zero-shot.ts';

export function tuningOf(
  { methods, training }: Pick<RunSpec, 'methods' | 'training'>,
  { config, weights, preprocessing }: Backbone,
  classes: number,
  headStart?: HeadStart,
): Tuning {
  const { dropPath, labelSmoothing, decayOn } = training;
  return {
    config: withHead(config, headStart?.projection),
    weights,
    methods: configureMethods(methods),
    classes,
    normalization: preprocessing,
    dropPath,
    labelSmoothing,
    decayOn,
  };
}
