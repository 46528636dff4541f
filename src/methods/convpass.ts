// Convpass (Jie & Deng 2022): beside attention and MLP a bottleneck with a 3 x 3 convolution over the grid of patches, on the
// normalised input. Tokens without a place in the grid (class, registers, prompts) go through as pictures of one pixel: only
// the centre tap counts. Up starts at zero. The study's starts at random, and LayerScale acts on it too.

import { conv2d } from '../graph/ops/conv.ts';
import { add, quickGelu, scale as times } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { concat, reshape, slice, transpose } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { gridOf } from '../model/config.ts';
import { type Init, type MethodContext, xavierUniform, zeros } from '../model/sites.ts';
import type { Layout } from '../model/tokens.ts';
import { defineMethod } from './method.ts';
import { bottleneck, branches, dropout, scale, variant } from './options.ts';
import { placed, placementOptions } from './placement.ts';

/** 3 x 3 convolution of tokens (B*N, b) -> (B*N, b): kernel (b, b, 3, 3), bias (b). */
function convolve(context: MethodContext, h: Value, layout: Layout, kernel: Value, bias: Value): Value {
  const { batch: B } = context;
  const [rows, b] = h.shape as [number, number];
  const N = rows / B;
  const [n, m] = gridOf(context.config);
  const tokens = reshape(h, [B, N, b]);
  let start = 0;
  const parts = layout.map(({ name, count }) => {
    const part = slice(tokens, 1, start, start + count); // (B, count, b)
    start += count;
    if (name === 'patches') {
      const grid = transpose(reshape(part, [B, n, m, b]), [0, 3, 1, 2]);
      return reshape(transpose(conv2d(grid, kernel, 1), [0, 2, 3, 1]), [B, n * m, b]);
    }
    const centre = reshape(slice(slice(kernel, 2, 1, 2), 3, 1, 2), [b, b]);
    return reshape(linear(reshape(part, [B * count, b]), centre), [B, count, b]);
  });
  return reshape(add(concat(parts, 1), bias), [rows, b]);
}

export const convpass = defineMethod({
  name: 'convpass',
  summary: 'bottlenecks with a convolution beside attention and MLP',
  paper: {
    title: 'Convolutional Bypasses Are Better Vision Transformer Adapters (Jie & Deng 2022)',
    url: 'https://arxiv.org/abs/2207.07039',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(8, [8, 16]),
    branches,
    scale: scale(1, [0.01, 0.1, 1, 10, 100]),
    ...placementOptions,
    placement: { ...placementOptions.placement, choices: ['parallel', 'before'], default: 'parallel' },
    input: { ...placementOptions.input, default: 'normed' },
    xavierConv: {
      type: 'boolean',
      default: false,
      help: 'start the convolution at random, not as the identity',
      grid: [true, false],
    },
    dropout: dropout(0.1, 'the bottleneck'),
    variant,
  },
  start: 'pretrained',
  count: '2 (2 C bottleneck + bottleneck + C + 9 bottleneck bottleneck + bottleneck) L',
  strength: 'what the modules add times alpha',
  at: ({ branches: where, scale: s, xavierConv, bottleneck: b, ...options }) => ({
    branch(context, branch) {
      const { site, layout } = branch;
      if (!where.includes(site.part)) return branch.next(branch.x);
      const C = context.config.width;
      const study = options.variant === 'study';
      const [down, up]: [Init, Init] = study
        ? [
            { kind: 'normal', std: 0.02 },
            { kind: 'normal', std: 0.02 },
          ]
        : [xavierUniform(C, b), zeros];
      const kernelStart = xavierConv ? xavierUniform(9 * b, 9 * b) : ({ kind: 'identity_centre_tap' } as const);
      const param = (name: string, shape: readonly number[], init: Init) =>
        context.param(`${site.name}.convpass.${name}`, shape, init);
      return placed(branch, options, (z) => {
        const low = linear(z, param('down.weight', [b, C], down), param('down.bias', [b], zeros));
        const kernel = param('conv.weight', [b, b, 3, 3], kernelStart);
        const mixed = convolve(context, quickGelu(low), layout, kernel, param('conv.bias', [b], zeros));
        const dropped = context.dropout(`${site.name}.convpass.dropout`, quickGelu(mixed), options.dropout);
        const y = linear(dropped, param('up.weight', [C, b], up), param('up.bias', [C], zeros));
        return context.contribution(times(y, s));
      });
    },
  }),
});
