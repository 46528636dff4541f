// LoRA (Hu et al. 2022): a frozen layer W z + b gets (alpha / r) B A z, with A (r, in) and B (out, r) of low rank r. As in
// loralib each target has its own A and B, and B starts at zero. `variant: study` is the published study's: one A for q, k
// and v of a block, all three updated, no alpha / r, and a start that is not zero (its model init overwrites it).

import { add, scale } from '../graph/ops/elementwise.ts';
import { gemm, linear } from '../graph/ops/linear.ts';
import { type LinearPart, torchLinear, zeros } from '../model/sites.ts';
import { defineMethod } from './method.ts';

const parts: readonly LinearPart[] = ['q', 'k', 'v', 'proj', 'fc1', 'fc2'];

export const lora = defineMethod({
  name: 'lora',
  summary: 'low-rank updates beside frozen linear layers',
  paper: {
    title: 'LoRA: Low-Rank Adaptation of Large Language Models (Hu et al. 2022)',
    url: 'https://arxiv.org/abs/2106.09685',
  },
  learningRate: 1e-3,
  options: {
    rank: { type: 'integer', default: 8, min: 1, max: 1024, help: 'rank r of the update', grid: [8, 16, 32] },
    alpha: { type: 'number', default: 8, min: 0, above: true, help: 'the update is scaled by alpha / r' },
    targets: { type: 'set', choices: parts, default: ['q', 'v'], help: 'layers that get an update' },
    dropout: { type: 'number', default: 0, min: 0, max: 0.95, help: 'dropout on the input of A' },
    rslora: { type: 'boolean', default: false, help: 'scale by alpha / sqrt(r) (rank-stabilised LoRA)' },
    variant: {
      type: 'choice',
      choices: ['paper', 'study'],
      default: 'paper',
      help: "the paper's method, or as the study's code computes it",
    },
  },
  count: '2 C r per target of width C x C, and block (study: 4 C r L)',
  at: ({ rank, alpha, targets, dropout, rslora, variant }) => ({
    linear(context, { site, x, next }) {
      const study = variant === 'study';
      if (!(study ? ['q', 'k', 'v'] : targets).includes(site.part)) return next(x);
      const shared = `blocks.${site.block}.attn.lora`;
      const own = `${site.name}.lora`;
      const normal = { kind: 'normal', std: 0.02 } as const;
      const a = context.param(
        study ? `${shared}.A` : `${own}.A`,
        [rank, site.inputs],
        study ? normal : torchLinear(site.inputs),
      );
      const b = context.param(`${own}.B`, [site.outputs, rank], study ? normal : zeros);
      const factor = study ? 1 : alpha / (rslora ? Math.sqrt(rank) : rank);
      const low = linear(context.dropout(study ? shared : own, x, dropout), a); // (B*N, r)
      return add(next(x), context.contribution(scale(gemm(low, b, { transB: true }), factor)));
    },
  }),
});
