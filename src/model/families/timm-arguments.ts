// The constructor arguments of timm's VisionTransformer that change what it computes, and what the others must be. Final
// arguments are those of the architecture's name, overridden by config.json's model_args.
import { z } from 'zod';
import { activation, blocks, pixels, size } from './fields.ts';

const side = z.union([pixels, z.tuple([pixels, pixels])]);
const ratio = z.number().positive().max(64);
const supported = <T>(value: T, what: string) =>
  z.custom<T>((given) => given === value, `${what} is not supported`).optional();

/** As timm spells them; those of an architecture's name, or config.json's. */
export interface TimmArguments {
  readonly img_size?: number | readonly [number, number];
  readonly patch_size?: number;
  readonly embed_dim?: number;
  readonly depth?: number;
  readonly num_heads?: number;
  readonly mlp_ratio?: number;
  readonly qkv_bias?: boolean;
  readonly qk_norm?: boolean;
  /** LayerScale's start; a network without it has none. */
  readonly init_values?: number | null;
  readonly class_token?: boolean;
  readonly no_embed_class?: boolean;
  readonly reg_tokens?: number;
  readonly pre_norm?: boolean;
  readonly final_norm?: boolean;
  /** Left out = the pooling decides. */
  readonly fc_norm?: boolean | null;
  readonly global_pool?: string;
  readonly act_layer?: string;
  /** Here for norm_layer: its epsilon. */
  readonly norm_eps?: number;
  /** Here for GluMlp with the gate first. */
  readonly mlp_layer?: 'swiglu';
  /** Here for the class with a distillation token. */
  readonly distilled?: boolean;
  /** What this network has and vitune's hasn't. */
  readonly unsupported?: string;
}

const none = z.null().optional();

/** The final arguments with their defaults. Unknown ones are refused: they might change what the network computes. */
export const timmArguments = z.strictObject({
  img_size: side.optional(),
  patch_size: z.union([pixels, z.tuple([pixels, pixels])]).default(16),
  in_chans: z.literal(3, 'pictures of 3 channels are supported').optional(),
  num_classes: z.number().int().min(0).optional(),
  embed_dim: size.default(768),
  depth: blocks.default(12),
  num_heads: size.default(12),
  mlp_ratio: ratio.default(4),
  qkv_bias: z.boolean().default(true),
  qk_norm: z.boolean().default(false),
  init_values: z.number().nullable().default(null),
  class_token: z.boolean().default(true),
  no_embed_class: z.boolean().default(false),
  reg_tokens: z.number().int().min(0).max(64).default(0),
  pre_norm: z.boolean().default(false),
  final_norm: z.boolean().default(true),
  fc_norm: z.boolean().nullable().default(null),
  global_pool: z.enum(['token', 'avg', 'max', 'avgmax', 'map']).default('token'),
  act_layer: z.union([activation, z.null()]).optional(),
  norm_eps: z.number().positive().max(1).default(1e-6),
  mlp_layer: z.literal('swiglu').optional(),
  distilled: z.boolean().default(false),
  unsupported: z.undefined().optional(),
  pos_embed: supported('learn', 'a network without position embeddings'),
  pool_include_prefix: supported(false, 'pooling over the tokens before the patches'),
  proj_bias: supported(true, 'a projection without bias'),
  scale_attn_norm: supported(false, 'a norm inside the attention'),
  scale_mlp_norm: supported(false, 'a norm inside the MLP'),
  norm_layer: none,
  embed_norm_layer: none,
  dynamic_img_pad: supported(false, 'padding pictures to whole patches'),
  // What only changes training, initialisation or the sizes that a network accepts:
  dynamic_img_size: z.boolean().optional(),
  drop_rate: z.number().optional(),
  pos_drop_rate: z.number().optional(),
  patch_drop_rate: z.number().optional(),
  proj_drop_rate: z.number().optional(),
  attn_drop_rate: z.number().optional(),
  drop_path_rate: z.number().nullable().optional(),
  weight_init: z.string().optional(),
  fix_init: z.boolean().optional(),
  distilled_training: z.boolean().optional(),
});
