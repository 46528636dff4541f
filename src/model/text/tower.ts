// CLIP's text tower as one forward pass (Radford et al. 2021, section 2.4): a causal transformer whose row at the end token,
// normed and projected, is the text's embedding. Shapes: B texts, N tokens, C channels, H heads of width d, P the shared space.
import { float32 } from '../../base/tensor.ts';
import type { Graph } from '../../graph/graph.ts';
import { add } from '../../graph/ops/elementwise.ts';
import { linear, matmul } from '../../graph/ops/linear.ts';
import { layerNorm, softmax } from '../../graph/ops/norm.ts';
import { reshape, transpose } from '../../graph/ops/shape.ts';
import type { Value } from '../../graph/types.ts';
import { activations } from '../layers.ts';
import type { TextConfig } from './config.ts';

/** Adds to the score of a token that comes later. */
const masked = -1e30;

/**
 * Token embeddings with positions (B, N, C) -> text embeddings (B, P), not normalised. `pick` (B, 1, N) is 1 at each text's
 * end token and 0 elsewhere; `weight` gives a parameter by transformers' name.
 */
export function encodeTexts(
  graph: Graph,
  config: TextConfig,
  weight: (name: string) => Value,
  embedded: Value,
  pick: Value,
): Value {
  const [B, N, C] = embedded.shape as [number, number, number];
  const later = Float32Array.from({ length: N * N }, (_, i) => (i % N > Math.floor(i / N) ? masked : 0));
  const mask = graph.constant('causal_mask', { dtype: 'float32', shape: [N, N] }, float32([N, N], later));
  const layer = (name: string, x: Value) => linear(x, weight(`${name}.weight`), weight(`${name}.bias`));
  const norm = (name: string, x: Value) =>
    layerNorm(x, weight(`${name}.weight`), weight(`${name}.bias`), config.normEps);
  const cut = (x: Value) => transpose(reshape(x, [B, N, config.heads, C / config.heads]), [0, 2, 1, 3]); // (B, H, N, d)

  let x = reshape(embedded, [B * N, C]);
  for (let i = 0; i < config.depth; i++) {
    const block = `text_model.encoder.layers.${i}`;
    const u = norm(`${block}.layer_norm1`, x);
    const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part) => cut(layer(`${block}.self_attn.${part}`, u)));
    const scores = matmul(q!, k!, { transB: true, alpha: Math.sqrt(config.heads / C) }); // (B, H, N, N)
    const mixed = matmul(softmax(add(scores, mask)), v!);
    x = add(x, layer(`${block}.self_attn.out_proj`, reshape(transpose(mixed, [0, 2, 1, 3]), [B * N, C])));
    const hidden = layer(`${block}.mlp.fc1`, norm(`${block}.layer_norm2`, x));
    x = add(x, layer(`${block}.mlp.fc2`, activations[config.activation](hidden)));
  }
  const ends = reshape(matmul(pick, reshape(norm('text_model.final_layer_norm', x), [B, N, C])), [B, C]);
  return linear(ends, weight('text_projection.weight'));
}
