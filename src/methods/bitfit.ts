// BitFit: every bias of the backbone, those of the patch projection and the norms included.
import { defineMethod } from './method.ts';

export const bitfit = defineMethod({
  name: 'bitfit',
  summary: 'every bias',
  paper: {
    title: 'BitFit: Simple Parameter-efficient Fine-tuning (Ben Zaken et al. 2022)',
    url: 'https://arxiv.org/abs/2106.10199',
  },
  learningRate: 3e-3,
  options: {},
  trains: (parameter) => parameter.kind === 'bias',
  start: 'pretrained',
  count: '(7 C + H) L + 2 C',
});
