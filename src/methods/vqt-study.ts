// VQT as the published study's code computes it: after each block it drops the queries first and only then records the first
// q rows, so that those are the picture's own tokens and the queries have neither influence nor gradient. The rows are
// divided by their length over the tokens, the class feature by its absolute value, and one linear layer mixes all of them.
import { div, mul, sign, sqrt } from '../graph/ops/elementwise.ts';
import { matmul } from '../graph/ops/linear.ts';
import { sum } from '../graph/ops/reduce.ts';
import { concat, reshape, slice } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import type { VitConfig } from '../model/config.ts';
import type { Handlers } from '../model/sites.ts';
import { takeTokens } from '../model/tokens.ts';
import { promptInit } from './prompts.ts';

export function studyVqt(q: number, { depth }: VitConfig): Handlers {
  const recorded: Value[] = []; // by block, (B, q, C)
  return {
    tokens(context, { block, next, ...tokens }) {
      const { width } = context.config;
      context.param(`blocks.${block}.vqt.queries`, [q, width], promptInit(context.config, width));
      const out = next(tokens);
      // The study puts prompts in front of the class token, so beside VPT they are the rows that it records.
      const prompts = out.layout
        .filter(({ name }) => name !== 'class' && name !== 'patches')
        .map(({ name }) => takeTokens(out, name));
      const rows = slice(concat([...prompts, out.x], 1), 1, 0, q);
      recorded[block] = div(rows, sqrt(sum(mul(rows, rows), [1])));
      return out;
    },
    feature(context, { feature }) {
      const { batch: B, config } = context;
      const count = q * depth + 1;
      const mixing = context.param('vqt.mixing', [1, count], { kind: 'normal', std: 0.02 });
      const rows = concat([...recorded, reshape(sign(feature), [B, 1, config.width])], 1); // (B, q L + 1, C)
      return context.interpolate(
        () => feature,
        () => reshape(matmul(mixing, rows), [B, config.width]),
      );
    },
  };
}
