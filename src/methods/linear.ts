// Linear probing: only the head is trained, on frozen features. The study's and everyone's baseline.
import { defineMethod } from './method.ts';

export const linear = defineMethod({
  name: 'linear',
  summary: 'only the classification head (linear probing)',
  paper: {
    title: 'Understanding intermediate layers using linear classifier probes (Alain & Bengio 2016)',
    url: 'https://arxiv.org/abs/1610.01644',
  },
  learningRate: 1e-2,
  options: {},
  start: 'pretrained',
  count: '0',
});
