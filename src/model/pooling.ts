// From the tokens of the last block to one feature a picture: the last norm and the poolings that checkpoints use. Shapes as
// in vit.ts: B pictures, N tokens, C channels, H heads of width d.
import { InternalError } from '../base/errors.ts';
import { attention } from '../graph/ops/attention.ts';
import { add, scale } from '../graph/ops/elementwise.ts';
import { max, mean } from '../graph/ops/reduce.ts';
import { concat, expand, reshape, transpose } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { activations, norm, plainLinear, plainNorm } from './layers.ts';
import type { Network } from './network.ts';
import { type Tokens, takeTokens } from './tokens.ts';

/** The last norm on rows (n, C), where tokens or features have one. */
export function finalNorm(net: Network, rows: Value): Value {
  switch (net.config.finalNorm) {
    case 'tokens':
      return norm(net, { name: 'norm', part: 'norm' }, rows);
    case 'pooled':
      return norm(net, { name: 'fc_norm', part: 'norm' }, rows);
    case 'none':
      return rows;
  }
}

/** All tokens as the pooling reads them, with the last norm where it is on tokens: (B, N, C). */
export function finalTokens(net: Network, { x, layout }: Tokens): Tokens {
  if (net.config.finalNorm !== 'tokens') return { x, layout };
  const [B, N, C] = x.shape as [number, number, number];
  return { x: reshape(finalNorm(net, reshape(x, [B * N, C])), [B, N, C]), layout };
}

/** Tokens of the last block (B, N, C) -> features (B, C), or (B, 2C) for `class_mean`. */
export function pool(net: Network, tokens: Tokens): Value {
  // The class token alone: the norm needs no other row.
  if (net.config.pooling === 'class') return finalNorm(net, rowOf(tokens, 'class'));
  const pooled = poolings(net, finalTokens(net, tokens));
  return net.config.finalNorm === 'pooled' ? finalNorm(net, pooled) : pooled;
}

function poolings(net: Network, tokens: Tokens): Value {
  const patches = () => takeTokens(tokens, 'patches');
  switch (net.config.pooling) {
    case 'class':
      return rowOf(tokens, 'class');
    case 'class_distilled':
      return scale(add(rowOf(tokens, 'class'), rowOf(tokens, 'distillation')), 0.5);
    case 'mean':
      return mean(patches(), [1], false);
    case 'max':
      return max(patches(), [1], false);
    case 'mean_max':
      return scale(add(mean(patches(), [1], false), max(patches(), [1], false)), 0.5);
    case 'class_mean':
      return concat([rowOf(tokens, 'class'), mean(patches(), [1], false)], 1);
    case 'attention':
      return attentionPool(net, patches());
  }
}

/** A single token of the sequence: (B, C). Throws InternalError where there are several. */
export function rowOf(tokens: Tokens, name: string): Value {
  const rows = takeTokens(tokens, name);
  const [B, n, C] = rows.shape as [number, number, number];
  if (n !== 1) throw new InternalError(`pooling: ${n} tokens are called ${name}, one is needed`);
  return reshape(rows, [B, C]);
}

/** The MAP head: a learnt query attends to the patches, then a residual MLP. (B, N, C) -> (B, C). */
function attentionPool(net: Network, patches: Value): Value {
  const [B, N, C] = patches.shape as [number, number, number];
  const H = net.config.heads;
  const d = C / H;
  const rows = reshape(patches, [B * N, C]);
  const cut = (x: Value, n: number) => transpose(reshape(x, [B, n, H, d]), [0, 2, 1, 3]); // (B, H, n, d)
  const query = plainLinear(net, 'attn_pool.q', reshape(net.weight('attn_pool.latent'), [1, C]));
  const mixed = attention(
    cut(expand(query, [B, C]), 1),
    cut(plainLinear(net, 'attn_pool.k', rows), N),
    cut(plainLinear(net, 'attn_pool.v', rows), N),
    1 / Math.sqrt(d),
  ); // (B, H, 1, d)
  const x = plainLinear(net, 'attn_pool.proj', reshape(mixed, [B, C]));
  const hidden = plainLinear(net, 'attn_pool.mlp.fc1', plainNorm(net, 'attn_pool.norm', x));
  return add(x, plainLinear(net, 'attn_pool.mlp.fc2', activations[net.config.activation](hidden)));
}
