// Pfeiffer et al. 2021: one adapter a block, on the residual stream after the MLP was added, behind a LayerNorm of its own:
// t = x + MLP; t + D(LN t). The study has it on the MLP's output alone, without the norm.
import { add, scale as times } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/norm.ts';
import type { Value } from '../graph/types.ts';
import { ones, zeros } from '../model/sites.ts';
import { bottleneck as bottleneckOf, studyBottleneckInit } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, dropout, scale, variant } from './options.ts';
import { placed } from './placement.ts';

/** BERT's start, as the original has it. */
const bert = { kind: 'normal', std: 0.02 } as const;

export const pfeiffer = defineMethod({
  name: 'pfeiffer',
  summary: 'one adapter a block, after the MLP',
  paper: {
    title: 'AdapterFusion: Non-Destructive Task Composition for Transfer Learning (Pfeiffer et al. 2021)',
    url: 'https://arxiv.org/abs/2005.00247',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(8, [4, 8, 16, 32, 64]),
    scale: scale(1, [0.01, 0.1, 1, 10]),
    dropout: dropout(0, 'the bottleneck'),
    variant,
  },
  start: 'near',
  count: '(2 C bottleneck + bottleneck + 3 C) L',
  strength: 'what the adapters add times alpha',
  at: (options) => ({
    branch(context, branch) {
      const { site, x, next } = branch;
      if (site.part !== 'mlp') return next(x);
      const name = `${site.name}.pfeiffer`;
      const study = options.variant === 'study';
      const D = (z: Value) =>
        context.contribution(
          times(
            bottleneckOf(context, name, z, {
              ...options,
              activation: 'relu',
              init: study ? studyBottleneckInit : { down: bert, up: bert },
            }),
            options.scale,
          ),
        );
      if (study) return placed(branch, { placement: 'sequential', input: 'residual', variant: 'study' }, D);
      const y = next(x);
      const C = context.config.width;
      const gamma = context.param(`${name}.norm.weight`, [C], ones);
      const beta = context.param(`${name}.norm.bias`, [C], zeros);
      return add(y, D(layerNorm(add(x, y), gamma, beta, context.config.normEps)));
    },
  }),
});
