// DINOv3's vision transformers as Hugging Face's transformers stores them: rotary positions, no bias on the keys.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import { plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, ConfigJson, Family, Source, TensorShapes } from './family.ts';
import { activation, blocks, checked, parseFields, pixels, size } from './fields.ts';
import { type Names, naming } from './naming.ts';

const biased = (what: string) => z.literal(true, `${what} without bias is not supported`).default(true);
const fields = z.object({
  hidden_size: size.default(384),
  num_hidden_layers: blocks.default(12),
  num_attention_heads: size.default(6),
  intermediate_size: size.default(1536),
  hidden_act: activation.default('gelu'),
  layer_norm_eps: z.number().positive().max(1).default(1e-5),
  image_size: pixels.default(224),
  patch_size: pixels.default(16),
  num_channels: z.literal(3).default(3),
  num_register_tokens: z.number().int().min(0).max(64).default(0),
  rope_theta: z.number().positive().max(1e9).default(100),
  query_bias: z.boolean().default(true),
  key_bias: z.boolean().default(false),
  value_bias: z.boolean().default(true),
  proj_bias: biased('a projection'),
  mlp_bias: biased('an MLP'),
  use_gated_mlp: z.boolean().default(false),
});

const names: Names = {
  cls_token: 'embeddings.cls_token',
  reg_token: 'embeddings.register_tokens',
  'patch_embed.proj': 'embeddings.patch_embeddings',
  'blocks.#.norm1': 'layer.#.norm1',
  'blocks.#.attn.q': 'layer.#.attention.q_proj',
  'blocks.#.attn.k': 'layer.#.attention.k_proj',
  'blocks.#.attn.v': 'layer.#.attention.v_proj',
  'blocks.#.attn.proj': 'layer.#.attention.o_proj',
  'blocks.#.ls1.gamma': 'layer.#.layer_scale1.lambda1',
  'blocks.#.norm2': 'layer.#.norm2',
  'blocks.#.mlp.fc1': ['layer.#.mlp.gate_proj', 'layer.#.mlp.up_proj'], // a gate is followed by up_proj
  'blocks.#.mlp.fc2': 'layer.#.mlp.down_proj',
  'blocks.#.ls2.gamma': 'layer.#.layer_scale2.lambda1',
};

function read(json: ConfigJson, tensors: TensorShapes): Checkpoint {
  const f = parseFields(fields, json);
  if (f.query_bias !== f.value_bias)
    throw new CheckpointError('config.json: biases on one of queries and values are not supported');
  if (f.hidden_size % (4 * f.num_attention_heads) !== 0)
    throw new CheckpointError(
      `config.json: rotary positions need heads of a multiple of 4 channels; ${f.hidden_size} / ${f.num_attention_heads} is none`,
    );
  const config: VitConfig = {
    ...plainVit,
    family: 'dinov3',
    imageSize: [f.image_size, f.image_size],
    patchSize: f.patch_size,
    width: f.hidden_size,
    depth: f.num_hidden_layers,
    heads: f.num_attention_heads,
    hidden: f.intermediate_size,
    activation: f.hidden_act,
    mlp: f.use_gated_mlp ? 'gated' : 'plain',
    normEps: f.layer_norm_eps,
    layerScale: true,
    qkvBias: f.query_bias,
    keyBias: f.key_bias,
    registers: f.num_register_tokens,
    positionedPrefix: 0,
    ropeTheta: f.rope_theta,
  };
  const named = naming(tensors, ['model.', ''], names);
  const source = (canonical: string): Source => {
    const { name } = named(canonical);
    return f.use_gated_mlp && name.includes('.gate_proj.')
      ? { name, followedBy: name.replace('.gate_proj.', '.up_proj.') }
      : { name };
  };
  return {
    config: checked(config),
    source,
    // Without registers the file has an empty tensor of them.
    ignores: (name) =>
      name.endsWith('embeddings.mask_token') || (config.registers === 0 && name.endsWith('embeddings.register_tokens')),
    resampling: 'bicubic', // of nothing: rotary positions fit every grid
    preprocessing: { interpolation: 'bilinear', mean: imagenetMean, std: imagenetStd },
  };
}

export const huggingFaceDinov3: Family = {
  name: 'dinov3_vit',
  recognises: (json) => json.model_type === 'dinov3_vit',
  read,
};
