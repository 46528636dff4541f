// ViT and DeiT as Hugging Face's transformers stores them: config.json fields, and the parameter names of releases up to 4
// (which 5 still writes) and of 5's modules.
import { z } from 'zod';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import type { CheckpointHead } from '../checkpoint-head.ts';
import { plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, ConfigJson, Family, TensorShapes } from './family.ts';
import { activation, blocks, checked, parseFields, pixels, size } from './fields.ts';
import { type Names, naming } from './naming.ts';

const half = [0.5, 0.5, 0.5] as const;

const fields = z.object({
  hidden_size: size.default(768),
  num_hidden_layers: blocks.default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  hidden_act: activation.default('gelu'),
  layer_norm_eps: z.number().positive().max(1).default(1e-12),
  image_size: pixels.default(224),
  patch_size: pixels.default(16),
  num_channels: z.literal(3).default(3),
  qkv_bias: z.boolean().default(true),
  pooler_act: z.literal('tanh', "the pooler's activation must be tanh").default('tanh'),
});

/** Names that ViT, DeiT and DINOv2 share. */
export const transformersNames: Names = {
  cls_token: 'embeddings.cls_token',
  dist_token: 'embeddings.distillation_token',
  reg_token: 'embeddings.register_tokens',
  pos_embed: 'embeddings.position_embeddings',
  'patch_embed.proj': 'embeddings.patch_embeddings.projection',
  'blocks.#.attn.q': ['encoder.layer.#.attention.attention.query', 'encoder.layer.#.attention.q_proj'],
  'blocks.#.attn.k': ['encoder.layer.#.attention.attention.key', 'encoder.layer.#.attention.k_proj'],
  'blocks.#.attn.v': ['encoder.layer.#.attention.attention.value', 'encoder.layer.#.attention.v_proj'],
  'blocks.#.attn.proj': ['encoder.layer.#.attention.output.dense', 'encoder.layer.#.attention.o_proj'],
  norm: 'layernorm',
  pooler: 'pooler.dense',
  head: ['classifier', 'cls_classifier'],
  head_dist: 'distillation_classifier',
};

const vitNames: Names = {
  ...transformersNames,
  'blocks.#.attn.q': ['encoder.layer.#.attention.attention.query', 'layers.#.attention.q_proj'],
  'blocks.#.attn.k': ['encoder.layer.#.attention.attention.key', 'layers.#.attention.k_proj'],
  'blocks.#.attn.v': ['encoder.layer.#.attention.attention.value', 'layers.#.attention.v_proj'],
  'blocks.#.attn.proj': ['encoder.layer.#.attention.output.dense', 'layers.#.attention.o_proj'],
  'blocks.#.norm1': ['encoder.layer.#.layernorm_before', 'layers.#.layernorm_before'],
  'blocks.#.norm2': ['encoder.layer.#.layernorm_after', 'layers.#.layernorm_after'],
  'blocks.#.mlp.fc1': ['encoder.layer.#.intermediate.dense', 'layers.#.mlp.fc1'],
  'blocks.#.mlp.fc2': ['encoder.layer.#.output.dense', 'layers.#.mlp.fc2'],
};

/** The file's own head, from the tensors that it holds. */
function headOf(tensors: TensorShapes, prefix: string): CheckpointHead | undefined {
  const outputs = (name: string) => tensors.get(name)?.shape[0];
  const [distilled, classifier] = [outputs('cls_classifier.weight'), outputs('classifier.weight')];
  if (distilled !== undefined) return { kind: 'distilled', outputs: distilled };
  if (classifier !== undefined) return { kind: 'classifier', outputs: classifier };
  const pooler = outputs(`${prefix}pooler.dense.weight`) ?? outputs('pooler.dense.weight');
  return pooler === undefined ? undefined : { kind: 'pooler', outputs: pooler };
}

function readVit(json: ConfigJson, tensors: TensorShapes, family: 'vit' | 'deit'): Checkpoint {
  const f = parseFields(fields, json);
  const prefix = `${family}.`;
  const head = headOf(tensors, prefix);
  const deit: Partial<VitConfig> = {
    distillationToken: true,
    positionedPrefix: 2,
    pooling: head?.kind === 'distilled' ? 'class_distilled' : 'class',
  };
  const config: VitConfig = {
    ...plainVit,
    ...(family === 'deit' ? deit : {}),
    family,
    imageSize: [f.image_size, f.image_size],
    patchSize: f.patch_size,
    width: f.hidden_size,
    depth: f.num_hidden_layers,
    heads: f.num_attention_heads,
    hidden: f.intermediate_size,
    activation: f.hidden_act,
    normEps: f.layer_norm_eps,
    qkvBias: f.qkv_bias,
  };
  return {
    config: checked(config),
    head,
    source: naming(tensors, [prefix, ''], vitNames),
    ignores: (name) =>
      name.endsWith('embeddings.mask_token') || (head?.kind !== 'pooler' && /^(?:\w+\.)?pooler\./.test(name)),
    resampling: 'bicubic',
    preprocessing:
      family === 'vit'
        ? { interpolation: 'bilinear', mean: half, std: half }
        : { interpolation: 'bicubic', mean: imagenetMean, std: imagenetStd },
  };
}

const family = (name: 'vit' | 'deit'): Family => ({
  name,
  recognises: (json) => json.model_type === name,
  read: (json, tensors) => readVit(json, tensors, name),
});

export const huggingFaceVit = family('vit');
export const huggingFaceDeit = family('deit');
