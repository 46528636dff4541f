// LayerNorm tuning: weight and bias of every norm, the final one (and CLIP's first) included.
import { defineMethod } from './method.ts';

export const layernorm = defineMethod({
  name: 'layernorm',
  summary: 'weight and bias of every LayerNorm',
  paper: {
    title: 'How to Adapt Your Large-Scale Vision-and-Language Model (Kim et al. 2022)',
    url: 'https://openreview.net/forum?id=EhwEUb2ynIa',
  },
  learningRate: 3e-3,
  options: {
    where: {
      type: 'choice',
      choices: ['everywhere', 'blocks'],
      default: 'everywhere',
      help: 'all norms, or those of the blocks only',
    },
  },
  trains: (parameter, { where }) =>
    parameter.module === 'norm' && (where === 'everywhere' || parameter.block !== undefined),
  start: 'pretrained',
  count: '2 C (2 L + 1)',
});
