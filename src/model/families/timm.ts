// timm's VisionTransformer: config.json with an architecture's name, and a state dict whose names are the canonical ones,
// but with q, k and v fused in one layer `attn.qkv` (rows in that order) and k and v in `attn_pool.kv`.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';
import { nearest } from '../../base/suggest.ts';
import { type Pooling, plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, ConfigJson, Family, Source, TensorShapes } from './family.ts';
import { checked, parseFields, pixels } from './fields.ts';
import { architectureArguments, architectureNames } from './timm-architectures.ts';
import { timmArguments } from './timm-arguments.ts';
import { pretrainedFields } from './timm-pretrained.ts';

/** Where a canonical parameter lies in a state dict of timm's, for tokens of width `width`. */
export function timmSource(canonical: string, width: number): Source {
  const match = /^(.*\.attn|attn_pool)\.([qkv])\.(weight|bias)$/.exec(canonical);
  if (!match) return { name: canonical };
  const [, module, part, leaf] = match;
  const fused = module === 'attn_pool' ? 'kv' : 'qkv';
  const start = fused.indexOf(part!) * width;
  // The attention pooling has its own layer for the query.
  if (start < 0) return { name: canonical };
  return { name: `${module}.${fused}.${leaf}`, rows: [start, start + width] };
}

const poolings: Readonly<Record<string, Pooling>> = {
  token: 'class',
  avg: 'mean',
  max: 'max',
  avgmax: 'mean_max',
  map: 'attention',
};

const outer = z.object({
  architecture: z.string(),
  model_args: z.record(z.string(), z.unknown()).default({}),
  pretrained_cfg: z
    .object({
      input_size: z.tuple([z.literal(3), pixels, pixels]).optional(),
      global_pool: z.string().nullish(),
    })
    .default({}),
});

/** The arguments that timm would construct the network with. Throws CheckpointError. */
function argumentsOf(json: ConfigJson) {
  const { architecture, model_args, pretrained_cfg: cfg } = parseFields(outer, json);
  const named = architectureArguments(architecture);
  if (!named) {
    const near = nearest(architecture, architectureNames);
    throw new CheckpointError(
      `config.json: timm's architecture ${architecture} is none that vitune knows (vit_*, deit_*, deit3_*)${near ? `; did you mean ${near}?` : ''}`,
    );
  }
  if (named.unsupported !== undefined)
    throw new CheckpointError(`config.json: timm's ${architecture} is not supported: it has ${named.unsupported}`);
  return parseFields(timmArguments, {
    ...named,
    ...(cfg.input_size ? { img_size: cfg.input_size.slice(1) } : {}), // what the position embeddings were made for
    ...(cfg.global_pool ? { global_pool: cfg.global_pool } : {}),
    ...model_args,
  });
}

function toConfig(args: z.infer<typeof timmArguments>): VitConfig {
  const gated = args.mlp_layer === 'swiglu';
  const inner = Math.trunc(args.embed_dim * args.mlp_ratio);
  const prefix = Number(args.class_token) + Number(args.distilled) + args.reg_tokens;
  const { global_pool: pool, patch_size: patch, img_size: image = 224 } = args;
  if (typeof patch !== 'number' && patch[0] !== patch[1])
    throw new CheckpointError(
      `config.json: patches of ${patch.join('x')} pixels are not supported; they must be square`,
    );
  if (pool === 'token' && !args.class_token)
    throw new CheckpointError('config.json: pools by the class token (global_pool token) but has none');
  const pooledNorm = args.fc_norm ?? ['avg', 'max', 'avgmax'].includes(pool);
  return checked({
    ...plainVit,
    family: 'timm',
    imageSize: typeof image === 'number' ? [image, image] : image,
    patchSize: typeof patch === 'number' ? patch : patch[0],
    width: args.embed_dim,
    depth: args.depth,
    heads: args.num_heads,
    hidden: gated ? Math.floor(inner / 2) : inner,
    activation: args.act_layer ?? 'gelu',
    mlp: gated ? 'gated' : 'plain',
    normEps: args.norm_eps,
    layerScale: args.init_values !== null,
    preNorm: args.pre_norm,
    patchBias: !args.pre_norm,
    qkvBias: args.qkv_bias,
    qkNorm: args.qk_norm,
    classToken: args.class_token,
    distillationToken: args.distilled,
    registers: args.reg_tokens,
    positionedPrefix: args.no_embed_class ? 0 : prefix,
    pooling: args.distilled && pool === 'token' ? 'class_distilled' : poolings[pool]!,
    finalNorm: args.final_norm ? (pooledNorm ? 'pooled' : 'tokens') : 'none',
  });
}

function read(json: ConfigJson, tensors: TensorShapes): Checkpoint {
  const args = argumentsOf(json);
  const config = toConfig(args);
  const outputs = tensors.get('head.weight')?.shape[0];
  // One SigLIP file serves two architectures: the averaging one leaves the attention pooling unread.
  const shared = String(json.architecture).includes('siglip') && config.pooling !== 'attention';
  return {
    config,
    head: outputs === undefined ? undefined : { kind: args.distilled ? 'distilled' : 'classifier', outputs },
    source: (canonical) => timmSource(canonical, config.width),
    ignores: (name) => shared && name.startsWith('attn_pool.'),
    resampling: 'bicubic_antialias',
    preprocessing: parseFields(pretrainedFields, (json.pretrained_cfg ?? {}) as ConfigJson),
  };
}

export const timm: Family = {
  name: 'timm',
  recognises: (json) => typeof json.architecture === 'string',
  read,
};
