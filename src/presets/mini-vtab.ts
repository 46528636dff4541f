// VTAB-1k in kind on a laptop: the seven built-in sets of the suite `mini-vtab`, six methods with small grids, two seeds, the embedded
// model. Expected size: 112 grid points and 84 final runs; nothing to download.
import { miniVtab as suite } from '../data/builtin/index.ts';
import type { PlanPreset } from '../study/plan.ts';

export const miniVtab: PlanPreset = {
  name: 'mini-vtab',
  summary: 'VTAB-1k in kind, for a laptop: six methods on the seven built-in sets with the embedded model',
  plan: {
    name: 'mini-vtab',
    data: suite.sets.map(({ name }) => name),
    dataOptions: { valFraction: 0.2 },
    methods: [
      'linear',
      'bitfit',
      'layernorm',
      { name: 'lora', options: { rank: [4, 16] } },
      'ssf',
      { name: 'adaptformer', options: { bottleneck: [8, 32] } },
    ],
    training: { epochs: 10, learningRate: [1e-3, 1e-2] },
    choose: 'smallest-in-tie',
    seeds: [0, 1],
  },
};
