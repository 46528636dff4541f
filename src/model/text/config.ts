// The shape of CLIP's text tower (Radford et al. 2021, section 2.4), from the config.json of a whole CLIP as transformers
// stores it, and the table of its parameters.
import { z } from 'zod';
import type { Shape } from '../../base/tensor.ts';
import type { Activation } from '../config.ts';
import type { ConfigJson } from '../families/family.ts';
import { activation, blocks, parseFields, size } from '../families/fields.ts';

export interface TextConfig {
  readonly vocabulary: number;
  /** Tokens of a text at most. */
  readonly context: number;
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly hidden: number;
  readonly activation: Activation;
  readonly normEps: number;
  /** Whose row is the text's feature; null = the largest of a text, as configs of before 2023 have it. */
  readonly endToken: number | null;
  /** Width of the space that texts and pictures share. */
  readonly projection: number;
}

const fields = z.object({
  projection_dim: size.default(512),
  text_config: z.object({
    vocab_size: z.number().int().positive().max(1_000_000).default(49408),
    max_position_embeddings: size.default(77),
    hidden_size: size.default(512),
    num_hidden_layers: blocks.default(12),
    num_attention_heads: size.default(8),
    intermediate_size: size.default(2048),
    hidden_act: activation.default('quick_gelu'),
    layer_norm_eps: z.number().positive().max(1).default(1e-5),
    eos_token_id: z.number().int().nullable().default(49407),
  }),
});

/** Throws CheckpointError where a field is missing or out of range. */
export function parseTextConfig(json: ConfigJson): TextConfig {
  const { projection_dim, text_config: t } = parseFields(fields, json);
  return {
    vocabulary: t.vocab_size,
    context: t.max_position_embeddings,
    width: t.hidden_size,
    depth: t.num_hidden_layers,
    heads: t.num_attention_heads,
    hidden: t.intermediate_size,
    activation: t.hidden_act,
    normEps: t.layer_norm_eps,
    endToken: t.eos_token_id === 2 ? null : t.eos_token_id, // 2 was written by mistake; transformers reads it so, too
    projection: projection_dim,
  };
}

/** Every parameter that a text's embedding needs, by transformers' name. */
export function textParameters(config: TextConfig): ReadonlyMap<string, Shape> {
  const { width: C, hidden } = config;
  const all = new Map<string, Shape>();
  const layer = (name: string, out: number, into: number) => {
    all.set(`${name}.weight`, [out, into]);
    all.set(`${name}.bias`, [out]);
  };
  const norm = (name: string) => {
    all.set(`${name}.weight`, [C]);
    all.set(`${name}.bias`, [C]);
  };
  all.set('text_model.embeddings.token_embedding.weight', [config.vocabulary, C]);
  all.set('text_model.embeddings.position_embedding.weight', [config.context, C]);
  for (let i = 0; i < config.depth; i++) {
    const block = `text_model.encoder.layers.${i}`;
    norm(`${block}.layer_norm1`);
    for (const part of ['q_proj', 'k_proj', 'v_proj', 'out_proj']) layer(`${block}.self_attn.${part}`, C, C);
    norm(`${block}.layer_norm2`);
    layer(`${block}.mlp.fc1`, hidden, C);
    layer(`${block}.mlp.fc2`, C, hidden);
  }
  norm('text_model.final_layer_norm');
  all.set('text_projection.weight', [config.projection, C]);
  all.set('logit_scale', []);
  return all;
}
