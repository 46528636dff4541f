// The general adapter: a bottleneck at any place of a branch, of which Houlsby's, Pfeiffer's and AdaptFormer are special
// cases (He et al. 2022 lay the design space out). Up starts at zero, so the start is the pre-trained function.
import { torchLinear, zeros } from '../model/sites.ts';
import { activations, bottleneck as bottleneckOf, scaledBy, studyBottleneckInit } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, branches, dropout, scale, variant } from './options.ts';
import { placed, placementOptions } from './placement.ts';

export const adapter = defineMethod({
  name: 'adapter',
  summary: 'bottlenecks beside, after or before attention and MLP',
  paper: {
    title: 'Towards a Unified View of Parameter-Efficient Transfer Learning (He et al. 2022)',
    url: 'https://arxiv.org/abs/2110.04366',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(64, [4, 8, 16, 32, 64]),
    branches,
    ...placementOptions,
    activation: {
      type: 'choice',
      choices: Object.keys(activations) as (keyof typeof activations)[],
      default: 'relu',
      help: 'between down and up',
    },
    scale: scale(1, [0.01, 0.1, 1, 10]),
    learnScale: { type: 'boolean', default: false, help: 'train the scale, from 1, instead of keeping it' },
    dropout: dropout(0, 'the bottleneck'),
    variant,
  },
  start: 'pretrained',
  count: '2 (2 C bottleneck + bottleneck + C) L',
  strength: 'what the adapters add times alpha',
  at: ({ branches: where, scale: s, learnScale, ...options }) => ({
    branch(context, branch) {
      const { site } = branch;
      if (!where.includes(site.part)) return branch.next(branch.x);
      const name = `${site.name}.adapter`;
      const init =
        options.variant === 'study' ? studyBottleneckInit : { down: torchLinear(context.config.width), up: zeros };
      return placed(branch, options, (z) =>
        context.contribution(
          scaledBy(context, name, bottleneckOf(context, name, z, { ...options, init }), s, learnScale),
        ),
      );
    },
  }),
});
