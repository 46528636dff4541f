// VQT (Tu et al. 2023): q trained queries enter each block, look at its tokens and are recorded; keys and values skip them,
// so the frozen features stay as they are. The head reads the class feature and the recorded rows of every block, each
// vector divided by its length. The study's code does something else: vqt-study.ts.
import { add, mul, scalar, scale, sqrt } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/linear.ts';
import { l2Normalize } from '../graph/ops/norm.ts';
import { mean, sum } from '../graph/ops/reduce.ts';
import { concat, expand, reshape, slice, zerosLike } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { featureWidth, tokenCount } from '../model/config.ts';
import { type Handlers, type MethodContext, ones } from '../model/sites.ts';
import { appendTokens, dropTokens, rowsOf, takeTokens } from '../model/tokens.ts';
import { defineMethod } from './method.ts';
import { dropout, variant } from './options.ts';
import { promptHeadInit, promptInit } from './prompts.ts';
import { studyVqt } from './vqt-study.ts';

const name = 'vqt';

/** Group lasso on the head's columns (section 3.3): coefficient times the sum of their lengths. */
function columnPenalty(head: Value, coefficient: number): Value {
  const squares = sum(mul(head, head), [0], false); // (features)
  return scale(sum(sqrt(add(squares, scalar(squares, 1e-24))), [0], false), coefficient);
}

function paperVqt(options: {
  readonly queries: number;
  readonly combine: 'concat' | 'mean' | 'weighted-sum';
  readonly normalize: boolean;
  readonly groupLasso: number;
  readonly dropout: number;
}): Handlers {
  const q = options.queries;
  const recorded: Value[] = []; // by block, (B, q C) or (B, C)

  const combined = (context: MethodContext, block: number, rows: Value): Value => {
    const { batch: B, config } = context;
    if (options.combine === 'concat') return reshape(rows, [B, q * config.width]);
    if (options.combine === 'mean') return mean(rows, [1], false);
    const weights = context.param(`blocks.${block}.vqt.weights`, [1, q], ones);
    return reshape(matmul(weights, rows), [B, config.width]);
  };

  return {
    tokens(context, { block, next, ...tokens }) {
      const { batch: B, config } = context;
      const own = context.param(`blocks.${block}.vqt.queries`, [q, config.width], promptInit(config, config.width));
      const queries = expand(reshape(own, [1, q, config.width]), [B, q, config.width]);
      const dropped = context.dropout(`blocks.${block}.vqt.dropout`, queries, options.dropout);
      const out = next(appendTokens(tokens, name, dropped));
      recorded[block] = combined(context, block, takeTokens(out, name));
      return dropTokens(out, name);
    },
    attention(_context, { layout, next, q: queries, k, v }) {
      const [start, end] = rowsOf(layout, name)!;
      const seen = (x: Value) => {
        const parts = [slice(x, 1, 0, start)];
        if (end < x.shape[1]!) parts.push(slice(x, 1, end, x.shape[1]!));
        return concat(parts, 1);
      };
      return next({ q: queries, k: seen(k), v: seen(v) });
    },
    feature(context, { feature }) {
      const all = [feature, ...recorded];
      return context.interpolate(
        () => concat([feature, ...recorded.map((rows) => zerosLike(rows, rows.shape))], 1),
        () => concat(options.normalize ? all.map((x) => l2Normalize(x)) : all, 1),
      );
    },
    headInit: promptHeadInit,
    ...(options.groupLasso > 0
      ? { penalty: (_context: MethodContext, { head }: { head: Value }) => columnPenalty(head, options.groupLasso) }
      : {}),
  };
}

export const vqt = defineMethod({
  name: 'vqt',
  summary: 'queries that read every block, and a head that reads them',
  paper: {
    title: 'Visual Query Tuning: Towards Effective Usage of Intermediate Representations (Tu et al. 2023)',
    url: 'https://arxiv.org/abs/2212.03220',
  },
  learningRate: 1e-3,
  options: {
    queries: { type: 'integer', default: 1, min: 1, max: 1024, help: 'queries in each block' },
    combine: {
      type: 'choice',
      choices: ['concat', 'mean', 'weighted-sum'],
      default: 'concat',
      help: "how a block's recorded rows become one vector",
    },
    normalize: { type: 'boolean', default: true, help: 'divide each vector that the head reads by its length' },
    groupLasso: {
      type: 'number',
      default: 0,
      min: 0,
      max: 1000,
      help: "coefficient of a penalty on the lengths of the head's columns",
    },
    dropout: dropout(0.1, 'the queries'),
    variant,
  },
  start: 'other',
  count: 'queries C L',
  strength: 'the features that the head reads go from the class feature alone to all of them',
  refuses(config, { queries, variant: v }) {
    if (v !== 'study') return undefined;
    if (featureWidth(config) !== config.width) return `the study's variant reads a feature as wide as a token`;
    return queries > tokenCount(config)
      ? `the study's variant records ${queries} of the picture's own tokens, and there are fewer`
      : undefined;
  },
  at: (options, config) => (options.variant === 'study' ? studyVqt(options.queries, config) : paperVqt(options)),
});
