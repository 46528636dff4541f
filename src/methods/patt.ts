// PATT, parallel attention (Yu et al. 2022): a small tanh network on the normalised input adds to keys and values (or
// queries). Optionally an FFN adapter beside the MLP, on the normalised input and inside drop-path.
import { add, tanh, scale as times } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { torchLinear, zeros } from '../model/sites.ts';
import { bottleneck as bottleneckOf } from './bottleneck.ts';
import { defineMethod } from './method.ts';
import { bottleneck, scale } from './options.ts';

export const patt = defineMethod({
  name: 'patt',
  summary: 'a small network that adds to keys and values',
  paper: {
    title: 'Towards a Unified View on Visual Parameter-Efficient Transfer Learning (Yu et al. 2022)',
    url: 'https://arxiv.org/abs/2210.00788',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(64, [16, 64, 128]),
    targets: { type: 'set', choices: ['q', 'k', 'v'], default: ['k', 'v'], help: 'what it adds to' },
    scale: scale(0.2, [0.2, 0.8]),
    ffnBottleneck: {
      type: 'integer',
      default: 0,
      min: 0,
      max: 8192,
      help: 'bottleneck of an adapter beside the MLP (0 = none)',
    },
    ffnScale: scale(0.1, undefined),
  },
  start: 'other',
  count: '(C bottleneck + bottleneck + 2 C bottleneck + 2 C) L',
  strength: 'what it adds times alpha',
  at: ({ bottleneck: b, targets, scale: s, ffnBottleneck, ffnScale }) => ({
    linear(context, { site, x, next }) {
      if (!(targets as readonly string[]).includes(site.part)) return next(x);
      const C = site.inputs;
      const name = `blocks.${site.block}.attn.patt`;
      const down = linear(
        x,
        context.param(`${name}.down.weight`, [b, C], torchLinear(C)),
        context.param(`${name}.down.bias`, [b], torchLinear(C)),
      );
      const own = linear(
        tanh(down),
        context.param(`${name}.up.${site.part}.weight`, [C, b], torchLinear(b)),
        context.param(`${name}.up.${site.part}.bias`, [C], torchLinear(b)),
      );
      return add(next(x), context.contribution(times(own, s)));
    },
    branch(context, { site, x, norm, layerScale, next }) {
      if (site.part !== 'mlp' || ffnBottleneck === 0) return next(x);
      const beside = context.contribution(
        times(
          bottleneckOf(context, `${site.name}.patt`, norm(x), {
            bottleneck: ffnBottleneck,
            activation: 'relu',
            dropout: 0,
            init: { down: torchLinear(context.config.width), up: zeros },
          }),
          ffnScale,
        ),
      );
      return next(x, { layerScale: (y) => add(layerScale(y), beside) });
    },
  }),
});
