// Houlsby et al. 2019: an adapter on the output of attention and one on that of the MLP, before each is added to the residual
// stream, nearly the identity at the start; the LayerNorms are trained too. The study trains adapters only, with ReLU.
import { scale as times } from '../graph/ops/elementwise.ts';
import { bottleneck as bottleneckOf, studyBottleneckInit } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, dropout, scale, variant } from './options.ts';
import { placed } from './placement.ts';

/** Section 3.4: "a zero-mean Gaussian with standard deviation 1e-2, truncated to two standard deviations". */
const nearlyZero = { kind: 'truncated_normal', std: 0.01, limit: 0.02 } as const;

export const houlsby = defineMethod({
  name: 'houlsby',
  summary: 'adapters on the outputs of attention and MLP, and the LayerNorms',
  paper: {
    title: 'Parameter-Efficient Transfer Learning for NLP (Houlsby et al. 2019)',
    url: 'https://arxiv.org/abs/1902.00751',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(8, [4, 8, 16, 32]),
    scale: scale(1, [0.01, 0.1, 1, 10]),
    norms: { type: 'boolean', default: true, help: 'train the LayerNorms too, as the paper (never in the study)' },
    dropout: dropout(0, 'the bottleneck'),
    variant,
  },
  trains: (parameter, { norms, variant: v }) => v === 'paper' && norms && parameter.module === 'norm',
  start: 'near',
  count: '2 (2 C bottleneck + bottleneck + C) L + 2 C (2 L + 1)',
  strength: 'what the adapters add times alpha; norms are interpolated',
  at: (options) => ({
    branch(context, branch) {
      const study = options.variant === 'study';
      const init = study ? studyBottleneckInit : { down: nearlyZero, up: nearlyZero };
      const activation = study ? 'relu' : 'gelu';
      return placed(branch, { placement: 'sequential', input: 'residual', variant: options.variant }, (z) => {
        const name = `${branch.site.name}.houlsby`;
        return context.contribution(
          times(bottleneckOf(context, name, z, { ...options, activation, init }), options.scale),
        );
      });
    },
  }),
});
