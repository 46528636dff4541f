// The published study's plan for shifted test sets (Mai et al. 2024, arXiv 2409.16434, section 7): 12 methods tuned on 100 pictures a
// class of ImageNet, tested on it and on its shifted versions. Expected size: 2 grid points (drop-path) a method, 24 in all, and 12
// final runs. The study's backbone is CLIP's ViT-B/16 (`models:`); its learning rate was not released, so each method has its own.
import type { PlanPreset } from '../study/plan.ts';

export const studyRobustness: PlanPreset = {
  name: 'study/robustness',
  summary: 'the published study on shifted test sets: 12 methods trained on imagenet/, a folder of a folder a domain',
  plan: {
    name: 'robustness',
    preset: 'study',
    protocol: { name: 'robustness', options: { train: 'imagenet' } },
    data: 'imagenet-shifts',
    methods: [
      'linear',
      'full',
      { name: 'vpt-deep', options: { prompts: 50 } },
      'bitfit',
      'difffit',
      'layernorm',
      { name: 'houlsby', options: { bottleneck: 32 } },
      { name: 'adaptformer', options: { bottleneck: 32 } },
      { name: 'repadapter', options: { bottleneck: 32 } },
      { name: 'convpass', options: { bottleneck: 32 } },
      { name: 'lora', options: { rank: 32 } },
      { name: 'fact-tk', options: { rank: 32 } },
    ],
    training: { minLearningRate: 1e-6, warmupStart: 1e-7, dropPath: [0, 0.1] },
    seeds: 42,
  },
};
