// RepAdapter (Luo et al. 2023): a linear bottleneck before attention and MLP, R(z) = z + s (B (A z + a) + c), where B works in
// groups: each part of the output reads its own part of the bottleneck. No activation, so it merges into the next layers.
import { add, scale as times } from '../graph/ops/elementwise.ts';
import { gemm, linear, matmul } from '../graph/ops/linear.ts';
import { concat, pad, reshape, split } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { type MethodContext, xavierUniform, zeros } from '../model/sites.ts';
import { defineMethod } from './method.ts';
import { bottleneck, branches, dropout, scale, variant } from './options.ts';
import { placed, placementOptions } from './placement.ts';

interface Shape {
  readonly bottleneck: number;
  readonly groups: number;
  readonly scale: number;
}

/** A (b, C), a (b), B (C, b / groups), c (C). */
function parameters(context: MethodContext, name: string, { bottleneck: b, groups }: Shape) {
  const C = context.config.width;
  return {
    A: context.param(`${name}.A.weight`, [b, C], xavierUniform(C, b)),
    a: context.param(`${name}.A.bias`, [b], zeros),
    B: context.param(`${name}.B.weight`, [C, b / groups], zeros),
    c: context.param(`${name}.B.bias`, [C], zeros),
  };
}

const even = (size: number, groups: number) => Array<number>(groups).fill(size / groups);

/** B as one matrix (C, b), zero where a group doesn't read. */
function dense(B: Value, b: number, groups: number): Value {
  const C = B.shape[0]!;
  return concat(
    split(B, 0, even(C, groups)).map((rows, g) => pad(rows, 1, (g * b) / groups, b - ((g + 1) * b) / groups)),
    0,
  );
}

export const repadapter = defineMethod({
  name: 'repadapter',
  summary: 'linear bottlenecks before attention and MLP, merged after training',
  paper: {
    title: 'Towards Efficient Visual Adaption via Structural Re-parameterization (Luo et al. 2023)',
    url: 'https://arxiv.org/abs/2302.08106',
  },
  learningRate: 1e-3,
  options: {
    bottleneck: bottleneck(8, [8, 16, 32]),
    branches,
    scale: scale(1, [0.1, 0.5, 1, 5, 10]),
    groups: { type: 'integer', default: 2, min: 1, max: 64, help: 'groups that the second layer works in' },
    ...placementOptions,
    placement: { ...placementOptions.placement, choices: ['before', 'parallel'], default: 'before' },
    dropout: dropout(0.1, 'the bottleneck'),
    variant,
  },
  start: 'pretrained',
  count: '2 (C bottleneck + bottleneck + C bottleneck / groups + C) L',
  strength: 'what the modules add times alpha',
  refuses: ({ width }, { bottleneck: b, groups }) =>
    b % groups !== 0 || width % groups !== 0
      ? `${groups} groups divide neither or only one of bottleneck ${b} and width ${width}; both are needed`
      : undefined,
  at({ branches: where, ...options }) {
    const { bottleneck: b, groups, scale: s } = options;
    const nameOf = (block: number, part: 'attn' | 'mlp') => `blocks.${block}.${part}.repadapter`;
    const added = (context: MethodContext, name: string, z: Value): Value => {
      const { A, a, B, c } = parameters(context, name, options);
      const low = split(context.dropout(`${name}.dropout`, linear(z, A, a), options.dropout), 1, even(b, groups));
      const parts = split(B, 0, even(context.config.width, groups)).map((rows, g) => linear(low[g]!, rows));
      return context.contribution(times(add(concat(parts, 1), c), s));
    };
    const module = (context: MethodContext, name: string) => (z: Value) => add(z, added(context, name, z));
    return {
      branch(context, branch) {
        const { site } = branch;
        if (!where.includes(site.part)) return branch.next(branch.x);
        const name = nameOf(site.block, site.part);
        const whole = options.placement === 'before' || options.variant === 'study';
        return placed(branch, options, whole ? module(context, name) : (z) => added(context, name, z), {
          residual: whole,
        });
      },
      ...(options.placement === 'before'
        ? {
            fold: {
              // W (z + s (B (A z + a) + c)) + w = (W + W s B A) z + (w + W s (B a + c))
              linear(context, { site, layer }) {
                const part = site.part === 'fc1' ? 'mlp' : 'attn';
                if (!['q', 'k', 'v', 'fc1'].includes(site.part) || !where.includes(part)) return layer;
                const { A, a, B, c } = parameters(context, nameOf(site.block, part), options);
                const wide = context.contribution(times(dense(B, b, groups), s)); // (C, b)
                const shift = add(gemm(reshape(a, [1, b]), wide, { transB: true }), context.contribution(times(c, s))); // (1, C)
                const moved = reshape(gemm(shift, layer.weight, { transB: true }), [site.outputs]);
                return {
                  weight: add(layer.weight, matmul(layer.weight, matmul(wide, A))),
                  bias: layer.bias ? add(layer.bias, moved) : moved,
                };
              },
            },
          }
        : {}),
    };
  },
});
