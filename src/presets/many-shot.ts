// The published study's plan for few to many pictures (Mai et al. 2024, arXiv 2409.16434, section 5), on RESISC45: 225 pictures and all
// 25,200, each size of a module a method of its own. Expected size: 588 grid points a fraction, 1,176 in all, and 62 final runs. CIFAR-100
// is the same with data of its own, scales of 0.01 and 0.1, and `training: { epochs: 40, warmupEpochs: 4 }` (100 and 10 for 500
// pictures). Clevr-distance was tuned over the learning rate alone; its scales weren't released.
import type { PlanInput, PlanPreset } from '../study/plan.ts';

const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256] as const;

/** One method of each size: tables show `lora 8`. */
const sized = (name: string, size: 'rank' | 'bottleneck', more: Readonly<Record<string, number[]>> = {}) =>
  sizes.map((value) => ({ name, label: `${name} ${value}`, options: { [size]: value, ...more } }));

const fraction = (name: string, share: number, valFraction: number) => ({
  path: 'resisc45',
  name,
  options: { valFraction },
  protocol: { name: 'many-shot', options: { fraction: share } },
});

const methods: PlanInput['methods'] = [
  'linear',
  'full',
  'bitfit',
  'ssf',
  ...sized('lora', 'rank'),
  ...sized('houlsby', 'bottleneck', { scale: [0.1, 1] }),
  ...sized('fact-tk', 'rank', { scale: [0.1, 1] }),
];

export const studyManyShot: PlanPreset = {
  name: 'study/many-shot',
  summary:
    'the published study on few and many pictures: 31 methods and sizes on two fractions of RESISC45 (resisc45/)',
  plan: {
    name: 'many-shot',
    preset: 'study',
    data: [fraction('resisc45-225', 225 / 25_200, 0.2), fraction('resisc45-full', 1, 0.1)],
    methods,
    training: {
      epochs: 40,
      warmupEpochs: 5,
      learningRate: [5e-4, 1e-3],
      weightDecay: [1e-4, 1e-3],
      dropPath: [0, 0.1, 0.2],
    },
    seeds: 42,
  },
};
