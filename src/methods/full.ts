// Full fine-tuning: every parameter of the backbone, class token, positions and LayerScale included.
import { defineMethod } from './method.ts';

export const full = defineMethod({
  name: 'full',
  summary: 'every parameter of the backbone',
  paper: { title: 'An Image is Worth 16x16 Words (Dosovitskiy et al. 2021)', url: 'https://arxiv.org/abs/2010.11929' },
  learningRate: 5e-5,
  options: {},
  trains: () => true,
  start: 'pretrained',
  count: 'all',
});
