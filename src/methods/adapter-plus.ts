// Adapter+ (Steitz & Roth 2024): one adapter a block on the residual stream after the MLP, D(z) = c dp(W2 gelu(W1 z + b1) + b2)
// with a factor c for each channel and stochastic depth dp of its own; one setting for all data sets, without a search. The
// other positions that the paper compares are options.
import { add, mul, scale as times } from '../graph/ops/elementwise.ts';
import { layerNorm } from '../graph/ops/norm.ts';
import type { Value } from '../graph/types.ts';
import { type BranchSite, type Init, type MethodContext, ones, torchLinear, zeros } from '../model/sites.ts';
import { type BottleneckInit, bottleneck as bottleneckOf } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, scale } from './options.ts';

const inits: Readonly<Record<'houlsby' | 'lora' | 'bert', (width: number) => BottleneckInit>> = {
  houlsby: () => {
    const nearlyZero: Init = { kind: 'truncated_normal', std: 0.01, limit: 0.02 };
    return { down: nearlyZero, up: nearlyZero };
  },
  lora: (width) => ({ down: torchLinear(width), downBias: torchLinear(width), up: zeros }),
  bert: () => ({ down: { kind: 'normal', std: 0.02 }, up: { kind: 'normal', std: 0.02 } }),
};

export const adapterPlus = defineMethod({
  name: 'adapter-plus',
  summary: 'one adapter a block with a factor for each channel; needs no search',
  paper: { title: 'Adapters Strike Back (Steitz & Roth 2024)', url: 'https://arxiv.org/abs/2406.06820' },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(8, [8, 16, 32]),
    position: {
      type: 'choice',
      choices: ['post', 'pre', 'intermediate', 'parallel', 'houlsby'],
      default: 'post',
      help: 'on the stream after or before the MLP, on its output, beside it, or on the outputs of attention and MLP',
    },
    scaling: {
      type: 'choice',
      choices: ['channel', 'learned', 'constant'],
      default: 'channel',
      help: 'a trained factor for each channel, one for all, or a constant',
    },
    scale: scale(1, undefined),
    norm: { type: 'boolean', default: false, help: 'a LayerNorm before the adapter' },
    biases: { type: 'boolean', default: true, help: 'biases in the bottleneck' },
    init: {
      type: 'choice',
      choices: ['houlsby', 'lora', 'bert'],
      default: 'houlsby',
      help: 'nearly zero, exactly zero, or N(0, 0.02)',
    },
    dropPath: { type: 'number', default: 0.1, min: 0, max: 0.95, help: "the adapters' own stochastic depth" },
  },
  start: 'near',
  count: '(2 C bottleneck + bottleneck + 2 C) L',
  strength: 'what the adapters add times alpha',
  at(options) {
    const D = (context: MethodContext, { name: site }: BranchSite, x: Value): Value => {
      const name = `${site}.adapter-plus`;
      const C = context.config.width;
      const z = options.norm
        ? layerNorm(
            x,
            context.param(`${name}.norm.weight`, [C], ones),
            context.param(`${name}.norm.bias`, [C], zeros),
            1e-6,
          )
        : x;
      const y = bottleneckOf(context, name, z, {
        bottleneck: options.bottleneck,
        activation: 'gelu',
        dropout: 0,
        biases: options.biases,
        init: inits[options.init](C),
      });
      const kept = context.dropPath(`${name}.drop_path`, y, options.dropPath);
      const scaled =
        options.scaling === 'constant'
          ? times(kept, options.scale)
          : mul(kept, context.param(`${name}.scale`, [options.scaling === 'channel' ? C : 1], ones));
      return context.contribution(scaled);
    };
    return {
      branch(context, { site, x, next }) {
        if (site.part === 'attn') {
          const a = next(x);
          return options.position === 'houlsby' ? add(a, D(context, site, a)) : a;
        }
        switch (options.position) {
          case 'pre': {
            const d = D(context, site, x);
            return add(d, next(add(x, d)));
          }
          case 'parallel':
            return add(next(x), D(context, site, x));
          case 'post': {
            const m = next(x);
            return add(m, D(context, site, add(x, m)));
          }
          default: {
            const m = next(x);
            return add(m, D(context, site, m));
          }
        }
      },
    };
  },
});
