// A vision transformer (Dosovitskiy et al. 2021) as one readable forward pass: pictures -> patches -> blocks -> class
// logits. LayerScale as in DINOv2, the norm before the blocks and quick GELU as in CLIP. Shapes: B pictures, N tokens, C
// channels, H heads of width d, n x m patches of P x P pixels. Between reshapes tokens are rows of a (B*N, C) matrix.
import { float32 } from '../base/tensor.ts';
import { attention } from '../graph/ops/attention.ts';
import { add, cast, gelu, mul, quickGelu, scale, sub } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { l2Normalize, layerNorm } from '../graph/ops/norm.ts';
import { concat, expand, reshape, slice, transpose } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { gridOf } from './config.ts';
import { chain, handlersOf, type Network } from './network.ts';
import { type AfterSite, type BranchSite, type LinearPart, torchLinear } from './sites.ts';

/** Bytes of pictures (B, H, W, 3), 0..255 -> normalised (B, 3, H, W). */
export function normalizePixels(pixels: Value, mean: readonly number[], std: readonly number[]): Value {
  const { graph } = pixels;
  const unit = scale(cast(pixels, 'float32'), 1 / 255);
  const centred = sub(unit, graph.literal(float32([3], mean)));
  const divisor = graph.literal(
    float32(
      [3],
      std.map((s) => 1 / s),
    ),
  );
  return transpose(mul(centred, divisor), [0, 3, 1, 2]);
}

/** Normalised pictures (B, 3, H, W) -> tokens after the last block, before the last norm: (B, N, C), class token first. */
export function encode(net: Network, pictures: Value): Value {
  const { config } = net;
  let x = embed(net, pictures);
  const aroundBlock = handlersOf(net, 'tokens');
  for (let i = 0; i < config.depth; i++) {
    const run = chain(
      aroundBlock.map((handle) => (args: { block: number; x: Value; next: (x: Value) => Value }) => handle(net, args)),
      (tokens) => block(net, i, tokens),
      (tokens) => ({ block: i, x: tokens }),
    );
    x = run(x);
  }
  return x;
}

/** Normalised pictures (B, 3, H, W) -> class features (B, C) after the last norm. */
export function features(net: Network, pictures: Value): Value {
  const x = encode(net, pictures);
  return finalNorm(net, reshape(slice(x, 1, 0, 1), [net.batch, net.config.width]));
}

/** The last norm: rows (n, C) -> (n, C). */
export function finalNorm(net: Network, rows: Value): Value {
  return norm(net, { name: 'norm', part: 'norm' }, rows);
}

/** Class features (B, C) -> logits (B, classes). */
export function head(net: Network, feature: Value): Value {
  const { config } = net;
  const K = net.options.classes;
  if (config.head === 'linear')
    return linear(
      feature,
      net.head('head.weight', [K, config.width], torchLinear(config.width)),
      net.head('head.bias', [K], torchLinear(config.width)),
    );
  const projected = linear(
    feature,
    net.head('head.proj.weight', [config.projection, config.width], torchLinear(config.width)),
  );
  return linear(
    l2Normalize(projected),
    net.head('head.weight', [K, config.projection], torchLinear(config.projection)),
    net.head('head.bias', [K], { kind: 'constant', value: 0 }),
  );
}

/** Normalised pictures (B, 3, H, W) -> logits (B, classes). */
export function vit(net: Network, pictures: Value): Value {
  return head(net, features(net, pictures));
}

/** Patches, class token and positions: (B, 3, H, W) -> (B, N, C). */
function embed(net: Network, pictures: Value): Value {
  const { config, batch: B } = net;
  const { width: C, patchSize: P } = config;
  const [n, m] = gridOf(config);
  const patches = reshape(
    transpose(reshape(pictures, [B, 3, n, P, m, P]), [0, 2, 4, 1, 3, 5]), // (B, n, m, 3, P, P)
    [B * n * m, 3 * P * P],
  );
  const weight = reshape(net.weight('patch_embed.proj.weight'), [C, 3 * P * P]);
  const bias = config.patchBias ? net.weight('patch_embed.proj.bias') : undefined;
  const projected = after(net, { name: 'patch_embed', part: 'patch_embed' }, linear(patches, weight, bias));
  const classToken = expand(net.weight('cls_token'), [B, 1, C]);
  const tokens = add(concat([classToken, reshape(projected, [B, n * m, C])], 1), net.weight('pos_embed'));
  if (!config.preNorm) return tokens;
  const rows = norm(net, { name: 'norm_pre', part: 'norm_pre' }, reshape(tokens, [B * tokens.shape[1]!, C]));
  return reshape(rows, tokens.shape);
}

/** x + attention branch, then + MLP branch: (B, N, C) -> (B, N, C). */
function block(net: Network, i: number, x: Value): Value {
  const [B, N, C] = x.shape as [number, number, number];
  const rows = reshape(x, [B * N, C]);
  const attended = residual(net, { name: `blocks.${i}.attn`, block: i, part: 'attn' }, rows, (u) =>
    selfAttention(net, i, u),
  );
  const out = residual(net, { name: `blocks.${i}.mlp`, block: i, part: 'mlp' }, attended, (u) => mlp(net, i, u));
  return reshape(out, [B, N, C]);
}

/** x + scaled(run(norm(x))), with the methods' branch handlers around the added part. */
function residual(net: Network, site: BranchSite, x: Value, run: (u: Value) => Value): Value {
  const { config } = net;
  const index = site.part === 'attn' ? 1 : 2;
  const prefix = `blocks.${site.block}`;
  const branchNorm = (y: Value) =>
    norm(net, { name: `${prefix}.norm${index}`, part: `norm${index}` as 'norm1' | 'norm2', block: site.block }, y);
  const scaled = (y: Value) => {
    const layerScaled = config.layerScale ? mul(y, net.weight(`${prefix}.ls${index}.gamma`)) : y;
    return net.dropPath(`${site.name}.drop_path`, layerScaled, net.dropPathRate(site.block));
  };
  const branch = chain(
    handlersOf(net, 'branch').map((handle) => (args: Parameters<typeof handle>[1]) => handle(net, args)),
    (y) => scaled(run(branchNorm(y))),
    (y) => ({ site, x: y, norm: branchNorm, run, scaled }),
  );
  return add(x, branch(x));
}

/** Multi-head self-attention: (B*N, C) -> (B*N, C). */
function selfAttention(net: Network, i: number, u: Value): Value {
  const { config, batch: B } = net;
  const { width: C, heads: H } = config;
  const N = u.shape[0]! / B;
  const d = C / H;
  const heads = (part: 'q' | 'k' | 'v') => transpose(reshape(layer(net, i, part, u), [B, N, H, d]), [0, 2, 1, 3]); // (B, H, N, d)
  const mixed = attention(heads('q'), heads('k'), heads('v'), 1 / Math.sqrt(d));
  return layer(net, i, 'proj', reshape(transpose(mixed, [0, 2, 1, 3]), [B * N, C]));
}

/** (B*N, C) -> (B*N, hidden) -> (B*N, C). */
function mlp(net: Network, i: number, u: Value): Value {
  const activate = net.config.activation === 'gelu' ? gelu : quickGelu;
  return layer(net, i, 'fc2', activate(layer(net, i, 'fc1', u)));
}

/** A frozen linear layer with the methods' handlers around it. */
function layer(net: Network, i: number, part: LinearPart, x: Value): Value {
  const { config } = net;
  const name = `blocks.${i}.${part === 'fc1' || part === 'fc2' ? 'mlp' : 'attn'}.${part}`;
  const inputs = part === 'fc2' ? config.hidden : config.width;
  const outputs = part === 'fc1' ? config.hidden : config.width;
  const biased = config.qkvBias || !['q', 'k', 'v'].includes(part);
  const site = { name, block: i, part, inputs, outputs };
  const run = chain(
    handlersOf(net, 'linear').map((handle) => (args: Parameters<typeof handle>[1]) => handle(net, args)),
    (y) => linear(y, net.weight(`${name}.weight`), biased ? net.weight(`${name}.bias`) : undefined),
    (y) => ({ site, x: y }),
  );
  return run(x);
}

function norm(net: Network, site: AfterSite, x: Value): Value {
  const y = layerNorm(x, net.weight(`${site.name}.weight`), net.weight(`${site.name}.bias`), net.config.normEps);
  return after(net, site, y);
}

function after(net: Network, site: AfterSite, y: Value): Value {
  return handlersOf(net, 'after').reduce((value, handle) => handle(net, { site, y: value }), y);
}
