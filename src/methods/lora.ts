// LoRA (Hu et al. 2022): a frozen layer W z + b gets (alpha / r) B A z, with A (r, in) and B (out, r) of low rank r. As in
// loralib each target has its own A and B, and B starts at zero. The study's has one A for q, k and v of a block, updates
// all three, leaves out alpha / r, and its start is not zero (its model init overwrites it).
import { add, scale } from '../graph/ops/elementwise.ts';
import {
  type LowRankOptions,
  lowRank,
  lowRankChoice,
  lowRankForm,
  lowRankOptions,
  lowRankProduct,
  lowRankScale,
  lowRankWeight,
  sharedDropout,
} from './low-rank.ts';
import { defineMethod } from './method.ts';
import { variant } from './options.ts';

/** The study's variant as options of the general one, and its factor. */
function resolved(given: LowRankOptions & { readonly variant: 'paper' | 'study' }) {
  const study = given.variant === 'study';
  const options: LowRankOptions = study ? { ...given, targets: ['q', 'k', 'v'], joint: true } : given;
  return { study, options, factor: study ? 1 : lowRankScale(given) };
}

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
  peft: {
    layer: (given, site) => {
      const { options, factor } = resolved(given);
      return lowRankForm('lora', site, options, factor);
    },
    options: (common) => lowRankChoice(common, false),
  },
  at(given) {
    const { study, options, factor } = resolved(given);
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
