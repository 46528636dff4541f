// AdaptFormer (Chen et al. 2022): a bottleneck beside the MLP that reads the residual stream before the norm, times 0.1. Up
// starts at zero. The study's starts at random, and LayerScale and drop-path act on it too.

import { layerNorm } from '../graph/ops/norm.ts';
import type { Value } from '../graph/types.ts';
import { type MethodContext, ones, torchLinear, zeros } from '../model/sites.ts';
import { bottleneck as bottleneckOf, scaledBy, studyBottleneckInit } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, dropout, scale, variant } from './options.ts';
import { placed } from './placement.ts';

/** The adapter's own norm has torch's epsilon, not the backbone's. */
function ownNorm(context: MethodContext, name: string, z: Value): Value {
  const width = z.shape[1]!;
  const gamma = context.param(`${name}.norm.weight`, [width], ones);
  return layerNorm(z, gamma, context.param(`${name}.norm.bias`, [width], zeros), 1e-5);
}

export const adaptformer = defineMethod({
  name: 'adaptformer',
  summary: 'a scaled bottleneck beside every MLP',
  paper: {
    title: 'AdaptFormer: Adapting Vision Transformers for Scalable Visual Recognition (Chen et al. 2022)',
    url: 'https://arxiv.org/abs/2205.13535',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(64, [4, 16, 32]),
    scale: scale(0.1, [0.05, 0.1, 0.2]),
    learnScale: { type: 'boolean', default: false, help: 'train the scale, from 1, instead of keeping it' },
    placement: {
      type: 'choice',
      choices: ['parallel', 'sequential'],
      default: 'parallel',
      help: "beside the MLP, or on its output (the paper's ablation)",
    },
    norm: { type: 'choice', choices: ['none', 'in', 'out'], default: 'none', help: 'a LayerNorm inside the adapter' },
    dropout: dropout(0.1, 'the bottleneck'),
    variant,
  },
  start: 'pretrained',
  count: '(2 C bottleneck + bottleneck + C) L',
  strength: 'what the adapters add times alpha',
  at: ({ scale: s, learnScale, norm, ...options }) => ({
    branch(context, branch) {
      const { site } = branch;
      if (site.part !== 'mlp') return branch.next(branch.x);
      const name = `${site.name}.adaptformer`;
      const init =
        options.variant === 'study' ? studyBottleneckInit : { down: torchLinear(context.config.width), up: zeros };
      return placed(branch, { input: 'residual', ...options }, (x) => {
        const z = norm === 'in' ? ownNorm(context, name, x) : x;
        const low = bottleneckOf(context, name, z, { ...options, activation: 'relu', init });
        const y = scaledBy(context, name, low, s, learnScale);
        return context.contribution(norm === 'out' ? ownNorm(context, name, y) : y);
      });
    },
  }),
});
