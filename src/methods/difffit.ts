// DiffFit (Xie et al. 2023): every bias and norm, and a factor by channel on both branches of a block, starting at 1.
import { mul } from '../graph/ops/elementwise.ts';
import { type MethodContext, ones } from '../model/sites.ts';
import { defineMethod } from './method.ts';
import { factor, scaledLayer } from './scale-shift.ts';

const gamma = (context: MethodContext, block: number, part: 'attn' | 'mlp', width: number) =>
  factor(context, context.param(`blocks.${block}.${part}.difffit.gamma`, [width], ones));

/** The last layer of each branch, which a factor on the branch merges into. */
const lastLayers: Readonly<Record<string, 'attn' | 'mlp'>> = { proj: 'attn', fc2: 'mlp' };

export const difffit = defineMethod({
  name: 'difffit',
  summary: 'every bias and LayerNorm, and a factor by channel on each branch',
  paper: {
    title:
      'DiffFit: Unlocking Transferability of Large Diffusion Models via Simple Parameter-Efficient Fine-Tuning (Xie et al. 2023)',
    url: 'https://arxiv.org/abs/2304.06648',
  },
  learningRate: 1e-3,
  options: {},
  trains: (parameter) => parameter.kind === 'bias' || parameter.module === 'norm',
  start: 'pretrained',
  count: '(7 C + H) L + 2 C + C (2 L + 1) + 2 C L',
  strength: 'factors go from 1 to the tuned ones, biases and norms are interpolated',
  at: () => ({
    branch: (context, { site, x, next }) => mul(next(x), gamma(context, site.block, site.part, x.shape[1]!)),
    fold: {
      linear(context, { site, layer }) {
        const branch = lastLayers[site.part];
        return branch ? scaledLayer(layer, gamma(context, site.block, branch, site.outputs)) : layer;
      },
    },
  }),
});
