// Prefix tuning (Li & Liang 2021): p trained keys and values before those of every attention; queries and tokens stay. With
// `hidden` they come from a small network that is trained instead of them.
import { tanh } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { concat, expand, reshape, split } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { type MethodContext, torchLinear } from '../model/sites.ts';
import { defineMethod } from './method.ts';

/** Keys and values of a block's prefix, (p, C) each. */
function prefixOf(context: MethodContext, block: number, p: number, hidden: number): readonly Value[] {
  const C = context.config.width;
  const name = `blocks.${block}.attn.prefix`;
  if (hidden === 0)
    return ['k', 'v'].map((part) => context.param(`${name}.${part}`, [p, C], { kind: 'normal', std: 0.02 }));
  const embedding = context.param(`${name}.embedding`, [p, C], { kind: 'normal', std: 1 });
  const low = linear(
    embedding,
    context.param(`${name}.down.weight`, [hidden, C], torchLinear(C)),
    context.param(`${name}.down.bias`, [hidden], torchLinear(C)),
  );
  const both = linear(
    tanh(low),
    context.param(`${name}.up.weight`, [2 * C, hidden], torchLinear(hidden)),
    context.param(`${name}.up.bias`, [2 * C], torchLinear(hidden)),
  );
  return split(both, 1, [C, C]);
}

export const prefix = defineMethod({
  name: 'prefix',
  summary: 'trained keys and values before those of every attention',
  paper: {
    title: 'Prefix-Tuning: Optimizing Continuous Prompts for Generation (Li & Liang 2021)',
    url: 'https://arxiv.org/abs/2101.00190',
  },
  learningRate: 5e-3,
  options: {
    length: { type: 'integer', default: 10, min: 1, max: 4096, help: 'keys and values in each block' },
    hidden: {
      type: 'integer',
      default: 0,
      min: 0,
      max: 8192,
      help: 'width of a network that makes them (0 = they are trained themselves)',
    },
  },
  start: 'other',
  count: '2 length C L',
  strength: "between each attention's output without the prefix (0) and with it (1)",
  at: ({ length, hidden }) => ({
    attention(context, { block, q, k, v, next }) {
      const { batch: B, config } = context;
      const longer = () => {
        const [pk, pv] = prefixOf(context, block, length, hidden).map((rows) =>
          expand(reshape(rows, [1, length, config.width]), [B, length, config.width]),
        );
        return next({ q, k: concat([pk!, k], 1), v: concat([pv!, v], 1) });
      };
      return context.interpolate(() => next({ q, k, v }), longer);
    },
  }),
});
