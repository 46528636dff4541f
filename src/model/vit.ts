// A vision transformer (Dosovitskiy et al. 2021) as one readable forward pass: pictures -> patches -> blocks -> class
// logits, with what DINOv2, CLIP, DeiT and SigLIP add to it (config.ts says what). Shapes: B pictures, N tokens, C channels,
// H heads of width d, n x m patches of P x P pixels. Between reshapes tokens are rows of a (B*N, C) matrix.
import { float32 } from '../base/tensor.ts';
import { narrowed } from '../graph/narrow.ts';
import { attention } from '../graph/ops/attention.ts';
import { add, cast, mul, scale, sub } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { l2Normalize } from '../graph/ops/norm.ts';
import { concat, expand, reshape, slice, transpose } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { gridOf, type LinearPart, prefixTokens } from './config.ts';
import { activations, after, norm, plainNorm } from './layers.ts';
import { chain, handlersOf, type Network } from './network.ts';
import { pool } from './pooling.ts';
import { rotate } from './rope.ts';
import { type Attended, type Branch, type BranchSite, linearSite, torchLinear } from './sites.ts';
import type { Layout, Tokens } from './tokens.ts';

/**
 * Bytes of pictures (B, H, W, 3), 0..255 -> normalised (B, 3, H, W). Channels come first before anything is computed: moving
 * bytes is cheaper than moving floats, and a channel's constant then applies to whole planes.
 */
export function normalizePixels(pixels: Value, mean: readonly number[], std: readonly number[]): Value {
  const perChannel = (values: readonly number[]) => pixels.graph.literal(float32([3, 1, 1], values));
  const unit = scale(cast(transpose(pixels, [0, 3, 1, 2]), 'float32'), 1 / 255);
  return mul(sub(unit, perChannel(mean)), perChannel(std.map((s) => 1 / s)));
}

/** Normalised pictures (B, 3, H, W) -> tokens after the last block, before the last norm. */
export function encode(net: Network, pictures: Value): Tokens {
  let tokens = embed(net, pictures);
  for (let i = 0; i < net.config.depth; i++) {
    const run = chain(
      handlersOf(net, 'tokens'),
      (inner: Tokens) => block(net, i, inner),
      (handle, next) => (outer) => handle(net, { ...outer, block: i, next }),
    );
    tokens = run(tokens);
  }
  return tokens;
}

/**
 * Normalised pictures (B, 3, H, W) -> features that the head reads: featureWidth(config) wide unless a method widens them. Of the
 * last block only those rows are computed that the pooling reads.
 */
export function features(net: Network, pictures: Value): Value {
  const pooled = pool(net, encode(net, pictures));
  return narrowed(handlersOf(net, 'feature').reduce((feature, handle) => handle(net, { feature }), pooled));
}

/** Features (B, F) -> logits (B, classes). */
export function head(net: Network, feature: Value): Value {
  const { config } = net;
  const K = net.options.classes;
  const F = feature.shape[1]!;
  if (config.head === 'linear') {
    const start = handlersOf(net, 'headInit')[0]?.(K) ?? { weight: torchLinear(F), bias: torchLinear(F) };
    const weight = reading(net, net.head('head.weight', [K, F], start.weight));
    return linear(feature, weight, net.head('head.bias', [K], start.bias));
  }
  const projection = reading(net, net.head('head.proj.weight', [config.projection, F], torchLinear(F)));
  return linear(
    l2Normalize(linear(feature, projection)),
    net.head('head.weight', [K, config.projection], torchLinear(config.projection)),
    net.head('head.bias', [K], { kind: 'constant', value: 0 }),
  );
}

/** Lets the methods add to the loss what depends on the matrix that reads the features. */
function reading(net: Network, matrix: Value): Value {
  for (const handle of handlersOf(net, 'penalty')) net.penalties.push(handle(net, { head: matrix }));
  return matrix;
}

/** Normalised pictures (B, 3, H, W) -> logits (B, classes). */
export function vit(net: Network, pictures: Value): Value {
  return head(net, features(net, pictures));
}

/** Patches, the tokens before them, and positions: (B, 3, H, W) -> (B, N, C). */
export function embed(net: Network, pictures: Value): Tokens {
  const { config, batch: B } = net;
  const { width: C, patchSize: P, positionedPrefix } = config;
  const [n, m] = gridOf(config);
  const whole = slice(slice(pictures, 2, 0, n * P), 3, 0, m * P);
  const patches = reshape(
    transpose(reshape(whole, [B, 3, n, P, m, P]), [0, 2, 4, 1, 3, 5]), // (B, n, m, 3, P, P)
    [B * n * m, 3 * P * P],
  );
  const weight = reshape(net.weight('patch_embed.proj.weight'), [C, 3 * P * P]);
  const bias = config.patchBias ? net.weight('patch_embed.proj.bias') : undefined;
  const projected = after(net, { name: 'patch_embed', part: 'patch_embed' }, linear(patches, weight, bias));

  const layout = [
    ...prefixTokens(config).map(({ name, count }) => ({ name, count })),
    { name: 'patches', count: n * m },
  ];
  const rows = reshape(projected, [B, n * m, C]);
  const positions = config.ropeTheta === null ? net.weight('pos_embed') : undefined; // (1, positionedPrefix + n*m, C)
  const positioned = positions ? add(rows, slice(positions, 1, positionedPrefix, positionedPrefix + n * m)) : rows;
  const x = concat([...prefixRows(net, positions).map((part) => expand(part, part.shape.with(0, B))), positioned], 1);
  if (!config.preNorm) return { x, layout };
  const normed = norm(net, { name: 'norm_pre', part: 'norm_pre' }, reshape(x, [B * x.shape[1]!, C]));
  return { x: reshape(normed, x.shape), layout };
}

/** The tokens before the patches, the first ones with their positions: parts (1, p, C) of one sequence. */
function prefixRows(net: Network, positions: Value | undefined): Value[] {
  const prefix = prefixTokens(net.config);
  if (prefix.length === 0) return [];
  const tokens = concat(
    prefix.map(({ parameter }) => net.weight(parameter)),
    1,
  );
  const [all, positioned] = [tokens.shape[1]!, positions ? net.config.positionedPrefix : 0];
  return [
    ...(positions && positioned > 0 ? [add(slice(tokens, 1, 0, positioned), slice(positions, 1, 0, positioned))] : []),
    ...(positioned < all ? [slice(tokens, 1, positioned, all)] : []),
  ];
}

/** x + attention branch, then + MLP branch: (B, N, C) -> (B, N, C). */
function block(net: Network, i: number, { x, layout }: Tokens): Tokens {
  const [B, N, C] = x.shape as [number, number, number];
  const attn = { name: `blocks.${i}.attn`, block: i, part: 'attn' } as const;
  const attended = residual(net, attn, reshape(x, [B * N, C]), layout, (u) => selfAttention(net, i, u, layout));
  const out = residual(net, { name: `blocks.${i}.mlp`, block: i, part: 'mlp' }, attended, layout, (u) =>
    mlp(net, i, u),
  );
  return { x: reshape(out, [B, N, C]), layout };
}

/** x + dropPath(layerScale(run(norm(x)))), with the methods' branch handlers around the added part. */
function residual(net: Network, site: BranchSite, x: Value, layout: Layout, run: (u: Value) => Value): Value {
  const index = site.part === 'attn' ? 1 : 2;
  const prefix = `blocks.${site.block}`;
  const frozen: Branch = {
    norm: (y) => norm(net, { name: `${prefix}.norm${index}`, part: `norm${index}`, block: site.block }, y),
    run,
    layerScale: (y) => (net.config.layerScale ? mul(y, net.weight(`${prefix}.ls${index}.gamma`)) : y),
    dropPath: (y) => net.dropPath(`${site.name}.drop_path`, y, net.dropPathRate(site.block)),
  };
  const branch = chain(
    handlersOf(net, 'branch'),
    (y: Value, steps: Branch) => steps.dropPath(steps.layerScale(steps.run(steps.norm(y)))),
    (handle, next) => (y, steps) =>
      handle(net, { ...steps, site, layout, x: y, next: (z, replaced) => next(z, { ...steps, ...replaced }) }),
  );
  return add(x, branch(x, frozen));
}

/** Multi-head self-attention: (B*N, C) -> (B*N, C). */
function selfAttention(net: Network, i: number, u: Value, layout: Layout): Value {
  const { config, batch: B } = net;
  const { width: C, heads: H } = config;
  const N = u.shape[0]! / B;
  const d = C / H;
  const rows = (part: 'q' | 'k' | 'v') => reshape(layer(net, i, part, u), [B, N, C]);
  const cut = (x: Value) => transpose(reshape(x, [B, x.shape[1]!, H, d]), [0, 2, 1, 3]); // (B, N, C) -> (B, H, N, d)
  const perHead = (part: 'q' | 'k', x: Value) =>
    config.qkNorm ? plainNorm(net, `blocks.${i}.attn.${part}_norm`, cut(x)) : cut(x);
  const mix = chain(
    handlersOf(net, 'attention'),
    ({ q, k, v }: Attended) => {
      const mixed = attention(perHead('q', q), perHead('k', k), cut(v), 1 / Math.sqrt(d)); // (B, H, M, d)
      return reshape(transpose(mixed, [0, 2, 1, 3]), q.shape);
    },
    (handle, next) => (args) => handle(net, { ...args, block: i, layout, next }),
  );
  const placed = (part: 'q' | 'k') => (config.ropeTheta === null ? rows(part) : rotate(net, rows(part), layout));
  const mixed = mix({ q: placed('q'), k: placed('k'), v: rows('v') });
  return layer(net, i, 'proj', reshape(mixed, [B * N, C]));
}

/** (B*N, C) -> (B*N, hidden) -> (B*N, C). */
function mlp(net: Network, i: number, u: Value): Value {
  const { activation, hidden, mlp: kind } = net.config;
  const activate = activations[activation];
  const h = layer(net, i, 'fc1', u);
  if (kind === 'plain') return layer(net, i, 'fc2', activate(h));
  return layer(net, i, 'fc2', mul(activate(slice(h, 1, 0, hidden)), slice(h, 1, hidden, 2 * hidden)));
}

/** A linear layer with the methods' handlers around it. */
function layer(net: Network, i: number, part: LinearPart, x: Value): Value {
  const site = linearSite(net.config, i, part);
  const own = net.layer(site.name);
  const run = chain(
    handlersOf(net, 'linear'),
    (y: Value) => linear(y, own.weight, own.bias),
    (handle, next) => (y) => handle(net, { site, x: y, layer: own, next }),
  );
  return run(x);
}
