// DINOv2, with and without registers, as Hugging Face's transformers stores it.
import { z } from 'zod';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import { plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, ConfigJson, Family, Source, TensorShapes } from './family.ts';
import { activation, blocks, checked, parseFields, pixels, size } from './fields.ts';
import { transformersNames } from './hugging-face-vit.ts';
import { type Names, naming } from './naming.ts';

const fields = z.object({
  hidden_size: size.default(768),
  num_hidden_layers: blocks.default(12),
  num_attention_heads: size.default(12),
  mlp_ratio: z.number().positive().max(64).default(4),
  hidden_act: activation.default('gelu'),
  layer_norm_eps: z.number().positive().max(1).default(1e-6),
  image_size: pixels.default(224),
  patch_size: pixels.default(14),
  num_channels: z.literal(3).default(3),
  qkv_bias: z.boolean().default(true),
  use_swiglu_ffn: z.boolean().default(false),
  num_register_tokens: z.number().int().min(0).max(64).default(4),
});

const names: Names = {
  ...transformersNames,
  'blocks.#.norm1': 'encoder.layer.#.norm1',
  'blocks.#.norm2': 'encoder.layer.#.norm2',
  'blocks.#.ls1.gamma': 'encoder.layer.#.layer_scale1.lambda1',
  'blocks.#.ls2.gamma': 'encoder.layer.#.layer_scale2.lambda1',
  'blocks.#.mlp.fc1': [
    'encoder.layer.#.mlp.fc1',
    'encoder.layer.#.mlp.weights_in',
    'encoder.layer.#.mlp.gate_proj', // followed by up_proj
  ],
  'blocks.#.mlp.fc2': ['encoder.layer.#.mlp.fc2', 'encoder.layer.#.mlp.weights_out', 'encoder.layer.#.mlp.down_proj'],
};

function read(json: ConfigJson, tensors: TensorShapes, registers: boolean): Checkpoint {
  const f = parseFields(fields, json);
  const width = f.hidden_size;
  const outputs = tensors.get('classifier.weight')?.shape[0];
  const hidden = Math.trunc(width * f.mlp_ratio);
  const config: VitConfig = {
    ...plainVit,
    family: registers ? 'dinov2_with_registers' : 'dinov2',
    imageSize: [f.image_size, f.image_size],
    patchSize: f.patch_size,
    width,
    depth: f.num_hidden_layers,
    heads: f.num_attention_heads,
    // Two thirds, so that three matrices have as many numbers as two; then up to a multiple of 8.
    hidden: f.use_swiglu_ffn ? Math.floor((Math.trunc((hidden * 2) / 3) + 7) / 8) * 8 : hidden,
    activation: f.use_swiglu_ffn ? 'silu' : f.hidden_act,
    mlp: f.use_swiglu_ffn ? 'gated' : 'plain',
    normEps: f.layer_norm_eps,
    layerScale: true,
    qkvBias: f.qkv_bias,
    registers: registers ? f.num_register_tokens : 0,
    pooling: outputs === undefined ? 'class' : 'class_mean',
  };
  const named = naming(tensors, registers ? ['dinov2_with_registers.', ''] : ['dinov2.', ''], names);
  const source = (canonical: string): Source => {
    const { name } = named(canonical);
    return name.includes('.gate_proj.') ? { name, followedBy: name.replace('.gate_proj.', '.up_proj.') } : { name };
  };
  return {
    config: checked(config),
    head: outputs === undefined ? undefined : { kind: 'classifier', outputs },
    source,
    ignores: (name) => name.endsWith('embeddings.mask_token'),
    resampling: registers ? 'bicubic_antialias' : 'bicubic',
    preprocessing: { interpolation: 'bicubic', mean: imagenetMean, std: imagenetStd },
  };
}

export const huggingFaceDinov2: Family = {
  name: 'dinov2',
  recognises: (json) => json.model_type === 'dinov2',
  read: (json, tensors) => read(json, tensors, false),
};

export const huggingFaceDinov2Registers: Family = {
  name: 'dinov2_with_registers',
  recognises: (json) => json.model_type === 'dinov2_with_registers',
  read: (json, tensors) => read(json, tensors, true),
};
