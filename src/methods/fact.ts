// What the two FacTs share (Jie & Deng 2023): one U (r, C) and one V (C, r) for the whole network; between them each layer
// has a small matrix of its own. A hidden layer of width M C is cut into M pieces of width C, as the original does for M = 4.
import { add, scale } from '../graph/ops/elementwise.ts';
import { gemm, linear, matmul } from '../graph/ops/linear.ts';
import { reshape, transpose } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import type { LinearPart, VitConfig } from '../model/config.ts';
import {
  type Affine,
  type Handlers,
  type Init,
  type LinearSite,
  type MethodContext,
  torchLinear,
  zeros,
} from '../model/sites.ts';
import { dropout as dropoutOption, scale as scaleOption, variant } from './options.ts';

export const factPaper = {
  title: 'FacT: Factor-Tuning for Lightweight Adaptation on Vision Transformer (Jie & Deng 2023)',
  url: 'https://arxiv.org/abs/2212.03145',
} as const;

/** The options of both, with the rank that each starts from. */
export const factOptionTable = (rank: number, grid: readonly number[]) =>
  ({
    rank: { type: 'integer', default: rank, min: 1, max: 512, help: 'rank r of the factors', grid },
    scale: scaleOption(1, [0.01, 0.1, 1, 10, 100]),
    dropout: dropoutOption(0.1, 'the factors before V'),
    variant,
  }) as const;

export interface FactOptions {
  readonly rank: number;
  readonly scale: number;
  readonly dropout: number;
}

export const pieces = ({ hidden, width }: VitConfig): number => hidden / width;

export const needsWholePieces = ({ hidden, width }: VitConfig): string | undefined =>
  hidden % width === 0
    ? undefined
    : `it cuts the hidden width into pieces of the token width, and ${hidden} is not a multiple of ${width}`;

/** Pieces of width `size`, one a row: (n, M size) -> (n M, size). */
const cut = (x: Value, size: number): Value => reshape(x, [(x.shape[0]! * x.shape[1]!) / size, size]);

/**
 * The handlers of a FacT whose middle matrices `middle` gives, applied from the right (h -> h K): (r, r) for q, k, v and proj,
 * (r, M r) for fc1, (M r, r) for fc2. `start`: how V and U begin in the study's variant.
 */
export function factHandlers(
  name: string,
  config: VitConfig,
  { rank: r, scale: s, dropout }: FactOptions,
  middle: (context: MethodContext, site: LinearSite) => Value,
  start?: Init,
): Handlers {
  const C = config.width;
  const M = pieces(config);
  const U = (context: MethodContext) => context.param(`${name}.U`, [r, C], start ?? torchLinear(C));
  const V = (context: MethodContext) => context.param(`${name}.V`, [C, r], start ?? zeros);
  const isWide = (part: LinearPart) => part === 'fc1' || part === 'fc2';

  return {
    linear(context, { site, x, next }) {
      const n = x.shape[0]!;
      const low = reshape(linear(cut(x, C), U(context)), [n, site.part === 'fc2' ? M * r : r]);
      const mixed = context.dropout(`${site.name}.${name}`, gemm(low, middle(context, site)), dropout);
      const delta = reshape(linear(cut(mixed, r), V(context)), [n, site.outputs]);
      return add(next(x), context.contribution(scale(delta, s)));
    },
    fold: {
      linear(context, { site, layer }): Affine {
        // W += s V K^T U, piece by piece: (M, C, C), or one.
        const K = middle(context, site);
        const count = isWide(site.part) ? M : 1;
        const inner =
          site.part === 'fc2'
            ? transpose(reshape(K, [count, r, r]), [0, 2, 1]) // rows of K are pieces of the input
            : transpose(reshape(K, [r, count, r]), [1, 2, 0]); // columns are pieces of the output
        const each = matmul(matmul(V(context), inner), U(context)); // (count, C, C)
        const whole = site.part === 'fc2' ? transpose(each, [1, 0, 2]) : each;
        const delta = scale(reshape(whole, [site.outputs, site.inputs]), s);
        return { ...layer, weight: add(layer.weight, context.contribution(delta)) };
      },
    },
  };
}
