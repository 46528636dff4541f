// LoRA (Hu et al. 2022): a frozen layer W z + b gets (alpha / r) B A z, with A (r, in) and B (out, r) of low rank r. As in
// loralib each target has its own A and B, and B starts at zero. The study's has one A for q, k and v of a block, updates
// all three, leaves out alpha / r, and its start is not zero (its model init overwrites it).
import { add, scale } from '../graph/ops/elementwise.ts';
import { lowRank, lowRankOptions, lowRankProduct, lowRankScale, lowRankWeight, sharedDropout } from './low-rank.ts';
import { defineMethod } from './method.ts';
import { variant } from './options.ts';

export const lora = defineMethod({
  name: 'lora',
  summary: 'low-rank updates beside frozen linear layers',
  paper: {
    title: 'LoRA: Low-Rank Adaptation of Large Language Models (Hu et al. 2022)',
    url: 'https://arxiv.org/abs/2106.09685',
  },
  learningRate: 1e-3,
  options: { ...lowRankOptions, variant },
  start: 'pretrained',
  count: '4 C rank L',
  strength: 'the update B A times alpha',
  at(given) {
    const study = given.variant === 'study';
    const options = study ? { ...given, targets: ['q', 'k', 'v'], joint: true } : given;
    const factor = study ? 1 : lowRankScale(given);
    const start = study ? ({ kind: 'normal', std: 0.02 } as const) : undefined;
    const drop = sharedDropout(options.dropout);
    return {
      linear(context, { site, x, next }) {
        if (!options.targets.includes(site.part)) return next(x);
        const update = lowRank(context, 'lora', site, options, start);
        const delta = lowRankProduct(update, drop(context, update.owner, x));
        return add(next(x), context.contribution(scale(delta, factor)));
      },
      fold: {
        linear(context, { site, layer }) {
          if (!options.targets.includes(site.part)) return layer;
          const delta = lowRankWeight(lowRank(context, 'lora', site, options, start), factor);
          return { ...layer, weight: add(layer.weight, context.contribution(delta)) };
        },
      },
    };
  },
});
