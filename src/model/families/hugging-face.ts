// ViT and DINOv2 as Hugging Face's transformers stores them: config.json fields, parameter names on disk.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import type { VitConfig } from '../config.ts';
import type { Family, Source } from './family.ts';

const positive = z.number().int().positive().max(65536);
const common = z.object({
  model_type: z.string(),
  hidden_size: positive,
  num_hidden_layers: positive.max(256),
  num_attention_heads: positive,
  hidden_act: z.enum(['gelu', 'quick_gelu']).default('gelu'),
  image_size: positive,
  patch_size: positive,
  num_channels: z.literal(3).default(3),
  qkv_bias: z.boolean().default(true),
  layer_norm_eps: z.number().positive().max(1),
});
const vitFields = common.extend({ intermediate_size: positive, layer_norm_eps: z.number().positive().default(1e-12) });
const dinov2Fields = common.extend({
  mlp_ratio: z.number().positive().default(4),
  layer_norm_eps: z.number().positive().default(1e-6),
  use_swiglu_ffn: z.literal(false, 'SwiGLU MLPs are not supported yet').default(false),
});

function parse<T extends z.ZodType>(schema: T, config: unknown): z.infer<T> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'config'}: ${issue.message}`);
  throw new CheckpointError(`config.json: ${lines.length} field${lines.length === 1 ? '' : 's'} can't be used`, {
    lines,
  });
}

function toConfig(family: string, fields: z.infer<typeof common>, hidden: number, layerScale: boolean): VitConfig {
  if (fields.hidden_size % fields.num_attention_heads !== 0)
    throw new CheckpointError(
      `config.json: width ${fields.hidden_size} is not a multiple of ${fields.num_attention_heads} heads`,
    );
  if (fields.image_size % fields.patch_size !== 0)
    throw new CheckpointError(
      `config.json: image size ${fields.image_size} is not a multiple of patch size ${fields.patch_size}`,
    );
  return {
    family,
    imageSize: [fields.image_size, fields.image_size],
    patchSize: fields.patch_size,
    width: fields.hidden_size,
    depth: fields.num_hidden_layers,
    heads: fields.num_attention_heads,
    hidden,
    activation: fields.hidden_act,
    normEps: fields.layer_norm_eps,
    layerScale,
    preNorm: false,
    patchBias: true,
    qkvBias: fields.qkv_bias,
    head: 'linear',
    projection: 0,
  };
}

const outside: Readonly<Record<string, string>> = {
  cls_token: 'embeddings.cls_token',
  pos_embed: 'embeddings.position_embeddings',
  'patch_embed.proj': 'embeddings.patch_embeddings.projection',
  norm: 'layernorm',
};

/** Names that both families share inside a block, by canonical name. */
const attentionNames: Readonly<Record<string, string>> = {
  'attn.q': 'attention.attention.query',
  'attn.k': 'attention.attention.key',
  'attn.v': 'attention.attention.value',
  'attn.proj': 'attention.output.dense',
};

/** Splits `blocks.3.attn.q.weight` and names its parts as the file does. */
function rename(canonical: string, inside: Readonly<Record<string, string>>): Source {
  const direct = outside[canonical];
  if (direct) return { name: direct };
  const dot = canonical.lastIndexOf('.');
  const [module, leaf] = [canonical.slice(0, dot), canonical.slice(dot + 1)];
  const match = /^blocks\.(\d+)\.(.+)$/.exec(module);
  if (!match) return { name: `${outside[module]}.${leaf}` };
  const [, index, part] = match;
  return { name: `encoder.layer.${index}.${inside[part!]}.${leaf === 'gamma' ? 'lambda1' : leaf}` };
}

const shared = {
  resampling: 'bicubic',
  ignores: (name: string) => name === 'embeddings.mask_token' || /^(pooler|classifier)\./.test(name),
} as const;

export const huggingFaceVit: Family = {
  ...shared,
  name: 'vit',
  recognises: (config) => config.model_type === 'vit',
  read(config) {
    const fields = parse(vitFields, config);
    return toConfig('vit', fields, fields.intermediate_size, false);
  },
  source: (canonical) =>
    rename(canonical, {
      ...attentionNames,
      norm1: 'layernorm_before',
      norm2: 'layernorm_after',
      'mlp.fc1': 'intermediate.dense',
      'mlp.fc2': 'output.dense',
    }),
  prefixes: ['vit.', ''],
  preprocessing: { interpolation: 'bilinear', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
};

export const huggingFaceDinov2: Family = {
  ...shared,
  name: 'dinov2',
  recognises: (config) => config.model_type === 'dinov2',
  read(config) {
    const fields = parse(dinov2Fields, config);
    return toConfig('dinov2', fields, Math.round(fields.hidden_size * fields.mlp_ratio), true);
  },
  source: (canonical) =>
    rename(canonical, {
      ...attentionNames,
      norm1: 'norm1',
      norm2: 'norm2',
      ls1: 'layer_scale1',
      ls2: 'layer_scale2',
      'mlp.fc1': 'mlp.fc1',
      'mlp.fc2': 'mlp.fc2',
    }),
  prefixes: ['dinov2.', ''],
  preprocessing: { interpolation: 'bicubic', mean: imagenetMean, std: imagenetStd },
};
