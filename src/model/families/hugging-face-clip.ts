// The vision towers of CLIP and SigLIP as Hugging Face's transformers stores them, alone or beside their text tower.
import { z } from 'zod';
import { clipMean, clipStd } from '../../base/preprocessing.ts';
import type { CheckpointHead } from '../checkpoint-head.ts';
import { plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, ConfigJson, Family, Source, TensorShapes } from './family.ts';
import { activation, blocks, checked, parseFields, pixels, size } from './fields.ts';
import { type Names, naming } from './naming.ts';

const tower = {
  hidden_size: size.default(768),
  intermediate_size: size.default(3072),
  num_hidden_layers: blocks.default(12),
  num_attention_heads: size.default(12),
  num_channels: z.literal(3).default(3),
  image_size: pixels.default(224),
};
const epsilon = z.number().positive().max(1);
const clipFields = z.object({
  ...tower,
  patch_size: pixels.default(32),
  hidden_act: activation.default('quick_gelu'),
  layer_norm_eps: epsilon.default(1e-5),
});
const siglipFields = z.object({
  ...tower,
  patch_size: pixels.default(16),
  hidden_act: activation.default('gelu_tanh'),
  layer_norm_eps: epsilon.default(1e-6),
  vision_use_head: z.boolean().default(true),
});

const names: Names = {
  cls_token: 'embeddings.class_embedding',
  pos_embed: 'embeddings.position_embedding.weight',
  'patch_embed.proj': 'embeddings.patch_embedding',
  norm_pre: 'pre_layrnorm', // the library's own spelling
  'blocks.#.norm1': 'encoder.layers.#.layer_norm1',
  'blocks.#.attn.q': 'encoder.layers.#.self_attn.q_proj',
  'blocks.#.attn.k': 'encoder.layers.#.self_attn.k_proj',
  'blocks.#.attn.v': 'encoder.layers.#.self_attn.v_proj',
  'blocks.#.attn.proj': 'encoder.layers.#.self_attn.out_proj',
  'blocks.#.norm2': 'encoder.layers.#.layer_norm2',
  'blocks.#.mlp.fc1': 'encoder.layers.#.mlp.fc1',
  'blocks.#.mlp.fc2': 'encoder.layers.#.mlp.fc2',
  norm: 'post_layernorm',
  'attn_pool.latent': 'head.probe',
  'attn_pool.proj': 'head.attention.out_proj',
  'attn_pool.norm': 'head.layernorm',
  'attn_pool.mlp.fc1': 'head.mlp.fc1',
  'attn_pool.mlp.fc2': 'head.mlp.fc2',
  'head.proj': 'visual_projection',
  head: 'classifier',
};
/** `vision_model.` also in front of a tower alone, up to release 4; '' since. */
const prefixes = ['vision_model.', ''];
const ofTextTower = /^(?:text_model\.|text_projection\.|logit_scale$|logit_bias$)|embeddings\.position_ids$/;

/** The vision tower's config, which lies inside that of a whole CLIP. */
const visionPart = (json: ConfigJson): ConfigJson => (json.vision_config as ConfigJson | undefined) ?? json;

const common = (f: z.infer<typeof clipFields | typeof siglipFields>) => ({
  imageSize: [f.image_size, f.image_size] as const,
  patchSize: f.patch_size,
  width: f.hidden_size,
  depth: f.num_hidden_layers,
  heads: f.num_attention_heads,
  hidden: f.intermediate_size,
  activation: f.hidden_act,
  normEps: f.layer_norm_eps,
});

function readClip(json: ConfigJson, tensors: TensorShapes): Checkpoint {
  const f = parseFields(clipFields, visionPart(json));
  const classes = tensors.get('classifier.weight')?.shape[0];
  const projection = tensors.get('visual_projection.weight')?.shape[0];
  let head: CheckpointHead | undefined;
  if (classes !== undefined) head = { kind: 'classifier', outputs: classes };
  else if (projection !== undefined) head = { kind: 'projection', outputs: projection };
  // transformers' classifier reads the mean patch, without the last norm that the file holds all the same.
  const reading = classes === undefined ? {} : ({ pooling: 'mean', finalNorm: 'none' } as const);
  const config: VitConfig = {
    ...plainVit,
    ...common(f),
    ...reading,
    family: 'clip',
    preNorm: true,
    patchBias: false,
    projection: projection ?? 0,
  };
  return {
    config: checked(config),
    head,
    source: naming(tensors, prefixes, names),
    ignores: (name) => ofTextTower.test(name) || (classes !== undefined && /post_layernorm\./.test(name)),
    resampling: 'bicubic',
    preprocessing: { interpolation: 'bicubic', mean: clipMean, std: clipStd },
  };
}

function readSiglip(json: ConfigJson, tensors: TensorShapes): Checkpoint {
  const f = parseFields(siglipFields, visionPart(json));
  const C = f.hidden_size;
  const classes = tensors.get('classifier.weight')?.shape[0];
  // transformers' classifier reads the mean token and leaves the attention pooling unused.
  const pooling = classes === undefined && f.vision_use_head ? 'attention' : 'mean';
  const config: VitConfig = {
    ...plainVit,
    ...common(f),
    family: 'siglip',
    classToken: false,
    positionedPrefix: 0,
    pooling,
  };
  const named = naming(tensors, prefixes, names);
  const source = (canonical: string): Source => {
    const part = /^attn_pool\.([qkv])\.(weight|bias)$/.exec(canonical);
    if (!part) return named(canonical);
    const start = 'qkv'.indexOf(part[1]!) * C;
    const { name } = named('attn_pool.proj.weight');
    return { name: name.replace('out_proj.weight', `in_proj_${part[2]}`), rows: [start, start + C] };
  };
  return {
    config: checked(config),
    head: classes === undefined ? undefined : { kind: 'classifier', outputs: classes },
    source,
    ignores: (name) => ofTextTower.test(name) || (pooling === 'mean' && /^(?:vision_model\.)?head\./.test(name)),
    resampling: 'bicubic',
    preprocessing: { interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  };
}

export const huggingFaceClip: Family = {
  name: 'clip',
  recognises: (json) => json.model_type === 'clip' || json.model_type === 'clip_vision_model',
  read: readClip,
};

export const huggingFaceSiglip: Family = {
  name: 'siglip',
  recognises: (json) => json.model_type === 'siglip' || json.model_type === 'siglip_vision_model',
  read: readSiglip,
};
