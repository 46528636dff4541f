// DoRA (Liu et al. 2024): the weight's direction gets LoRA's update, its length in each row is trained apart. With
// V = W + s B A, y = (m / ||V||) V z + b row by row; ||V|| counts as a constant in the gradient (section 4.3). m starts at
// ||W||, so the start is the pre-trained function.
import type { ValuesOf } from '../base/options.ts';
import { add, detach, div, mul, scalar, scale, sqrt, sub } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import type { Affine, LinearSite, MethodContext } from '../model/sites.ts';
import {
  type LowRank,
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

/** L2 norm of each row: (out, in) -> (out). */
const rowNorms = (matrix: Value): Value => sqrt(sum(mul(matrix, matrix), [1], false));

/** V, and m / ||V|| (out). */
function direction(
  context: MethodContext,
  site: LinearSite,
  { weight }: Affine,
  update: LowRank,
  options: ValuesOf<typeof lowRankOptions>,
) {
  const V = add(weight, context.contribution(lowRankWeight(update, lowRankScale(options))));
  const m = context.param(`${site.name}.dora.magnitude`, [site.outputs], {
    kind: 'row_norms',
    of: `${site.name}.weight`,
  });
  const magnitude = context.interpolate(
    () => rowNorms(weight),
    () => m,
  );
  return { V, ratio: div(magnitude, detach(rowNorms(V))) };
}

export const dora = defineMethod({
  name: 'dora',
  summary: 'low-rank updates of direction, and the length of each weight row',
  paper: {
    title: 'DoRA: Weight-Decomposed Low-Rank Adaptation (Liu et al. 2024)',
    url: 'https://arxiv.org/abs/2402.09353',
  },
  learningRate: 1e-3,
  options: lowRankOptions,
  start: 'pretrained',
  count: '(4 C rank + 2 C) L',
  strength: 'the update B A times alpha, and the lengths interpolated',
  peft: {
    layer: (options, site) => lowRankForm('dora', site, options, lowRankScale(options), `${site.name}.dora.magnitude`),
    options: (common) => lowRankChoice(common, true),
  },
  at(options) {
    const factor = lowRankScale(options);
    const drop = sharedDropout(options.dropout);
    return {
      linear(context, { site, x, next, layer }) {
        if (!options.targets.includes(site.part)) return next(x);
        const update = lowRank(context, 'dora', site, options);
        const { ratio } = direction(context, site, layer, update, options);
        const dropped = drop(context, update.owner, x);
        const delta = context.contribution(scale(lowRankProduct(update, dropped), factor));
        const base = next(x);
        // As PEFT: dropout touches what DoRA changes, never the frozen product.
        if (dropped !== x) {
          const change = mul(linear(dropped, layer.weight), sub(ratio, scalar(ratio, 1)));
          return add(base, add(change, mul(delta, ratio)));
        }
        const product = layer.bias ? sub(base, layer.bias) : base;
        const y = mul(add(product, delta), ratio);
        return layer.bias ? add(y, layer.bias) : y;
      },
      fold: {
        linear(context, { site, layer }) {
          if (!options.targets.includes(site.part)) return layer;
          const { V, ratio } = direction(context, site, layer, lowRank(context, 'dora', site, options), options);
          return { ...layer, weight: mul(V, reshape(ratio, [site.outputs, 1])) };
        },
      },
    };
  },
});
