// The shape of a vision transformer, whatever library its checkpoint comes from, and the table of its parameters.
import { CheckpointError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { type Shape, sameShape } from '../base/tensor.ts';

export type Activation = 'gelu' | 'gelu_tanh' | 'quick_gelu' | 'relu' | 'silu';

/**
 * How tokens become a picture's feature. `class`: the class token. `class_distilled`: the mean of class and distillation
 * token (DeiT). `mean`, `max`: over the patches; `mean_max`: the mean of both. `class_mean`: the class token and the mean
 * patch side by side (DINOv2's classifiers). `attention`: a learnt query attends to the patches, then an MLP (SigLIP's
 * MAP head; Zhai et al. 2022, section 3.5).
 */
export type Pooling = 'class' | 'class_distilled' | 'mean' | 'max' | 'mean_max' | 'class_mean' | 'attention';

export interface VitConfig {
  /** Where the architecture comes from, for people: `dinov2`, `vit`, `clip`. */
  readonly family: string;
  /** Height and width of the input, pixels. What the patch size doesn't divide is cut off at the right and the bottom. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** Token width C, blocks L, attention heads. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  /** Hidden width of the MLP; of a gated one, after the gate. */
  readonly hidden: number;
  readonly activation: Activation;
  /** `gated`: fc1 makes gate and value, 2 x hidden in all; activation(gate) x value goes on (SwiGLU; Shazeer 2020). */
  readonly mlp: 'plain' | 'gated';
  readonly normEps: number;
  /** LayerScale: a trained factor per channel on each branch (Touvron et al. 2021). */
  readonly layerScale: boolean;
  /** A LayerNorm before the first block (CLIP). */
  readonly preNorm: boolean;
  readonly patchBias: boolean;
  readonly qkvBias: boolean;
  /** Whether the key layer has one, too, where q and v do. Softmax ignores it; DINOv3 leaves it out. */
  readonly keyBias: boolean;
  /** LayerNorms on the queries and keys of each head (Dehghani et al. 2023). */
  readonly qkNorm: boolean;
  /** Tokens before the patches, in this order: class token, distillation token (DeiT), registers (Darcet et al. 2024). */
  readonly classToken: boolean;
  readonly distillationToken: boolean;
  readonly registers: number;
  /** How many of them have a row of the position embedding, from the first one on. */
  readonly positionedPrefix: number;
  /** Base of rotary positions on the patches' queries and keys (DINOv3); null = a learnt position embedding. */
  readonly ropeTheta: number | null;
  readonly pooling: Pooling;
  /** The LayerNorm after the blocks: on the tokens, on the pooled feature (timm's fc_norm), or none. */
  readonly finalNorm: 'tokens' | 'pooled' | 'none';
  /**
   * `linear`: weight and bias on the feature. `clip`: projection, L2 normalisation, then class embeddings times the logit
   * scale, with a bias (the zero-shot classifier; Wortsman et al. 2022).
   */
  readonly head: 'linear' | 'clip';
  /** Width of CLIP's shared space; 0 where there is none. */
  readonly projection: number;
}

/** What a plain ViT does (Dosovitskiy et al. 2021); a family says where it differs. */
export const plainVit = {
  activation: 'gelu',
  mlp: 'plain',
  layerScale: false,
  preNorm: false,
  patchBias: true,
  qkvBias: true,
  keyBias: true,
  qkNorm: false,
  classToken: true,
  distillationToken: false,
  registers: 0,
  positionedPrefix: 1,
  ropeTheta: null,
  pooling: 'class',
  finalNorm: 'tokens',
  head: 'linear',
  projection: 0,
} as const satisfies Partial<VitConfig>;

/** ViT-B/16 at 224 pixels (Dosovitskiy et al. 2021, table 1): what published counts refer to. */
export const vitBase: VitConfig = {
  ...plainVit,
  family: 'vit',
  imageSize: [224, 224],
  patchSize: 16,
  width: 768,
  depth: 12,
  heads: 12,
  hidden: 3072,
  normEps: 1e-6,
};

/** A backbone as loaded: its shape, and how pictures enter it. */
export interface ModelInfo {
  readonly config: VitConfig;
  readonly preprocessing: Preprocessing;
}

/** The linear layers of a block. */
export type LinearPart = 'q' | 'k' | 'v' | 'proj' | 'fc1' | 'fc2';

/** What a backbone parameter is, so that methods select by meaning and never by a part of a name. */
export interface ParameterInfo {
  readonly name: string;
  readonly shape: Shape;
  readonly module: 'patch_embed' | 'token' | 'position' | 'norm' | 'attn' | 'mlp' | 'layer_scale' | 'head';
  readonly kind: 'weight' | 'bias' | 'embedding';
  /** Which layer of its attention or MLP it belongs to. */
  readonly part?: LinearPart;
  /** Index of its block, where it has one. */
  readonly block?: number;
}

/** Patch grid, rows and columns. */
export function gridOf({ imageSize: [h, w], patchSize }: VitConfig): readonly [rows: number, columns: number] {
  return [Math.floor(h / patchSize), Math.floor(w / patchSize)];
}

export interface PrefixToken {
  /** Name in the token sequence's layout. */
  readonly name: 'class' | 'distillation' | 'registers';
  readonly parameter: string;
  readonly count: number;
}

/** The tokens before the patches, in order. */
export function prefixTokens({ classToken, distillationToken, registers }: VitConfig): readonly PrefixToken[] {
  const all: readonly PrefixToken[] = [
    { name: 'class', parameter: 'cls_token', count: classToken ? 1 : 0 },
    { name: 'distillation', parameter: 'dist_token', count: distillationToken ? 1 : 0 },
    { name: 'registers', parameter: 'reg_token', count: registers },
  ];
  return all.filter(({ count }) => count > 0);
}

/** Tokens that enter the first block: class token and its like, and patches. */
export function tokenCount(config: VitConfig): number {
  const [rows, columns] = gridOf(config);
  return prefixTokens(config).reduce((n, { count }) => n + count, 0) + rows * columns;
}

/** Width of the feature that a head reads, before methods widen it. */
export function featureWidth({ width, pooling }: VitConfig): number {
  return pooling === 'class_mean' ? 2 * width : width;
}

/** Outputs of an MLP's first layer. */
export function fc1Width({ hidden, mlp }: VitConfig): number {
  return mlp === 'gated' ? 2 * hidden : hidden;
}

/**
 * Every pre-trained parameter, in order, by canonical name: timm's names, but q, k and v apart, because checkpoints of
 * transformers store them apart and a part of a fused matrix can be read in place, while parts can't be joined in place.
 * The head is not among them.
 */
export function backboneParameters(config: VitConfig): ParameterInfo[] {
  const { width: C, hidden, patchSize: P } = config;
  const list: ParameterInfo[] = [];
  type Module = ParameterInfo['module'];
  const add = (
    module: Module,
    kind: ParameterInfo['kind'],
    name: string,
    shape: Shape,
    at: Pick<ParameterInfo, 'block' | 'part'> = {},
  ) => list.push({ name, shape, module, kind, ...at });
  const linear = (
    module: 'attn' | 'mlp',
    part: LinearPart,
    out: number,
    into: number,
    bias: boolean,
    block: number,
  ) => {
    const name = `blocks.${block}.${module}.${part}`;
    add(module, 'weight', `${name}.weight`, [out, into], { block, part });
    if (bias) add(module, 'bias', `${name}.bias`, [out], { block, part });
  };
  const pooling = (module: 'attn' | 'mlp', name: string, out: number, into: number) => {
    add(module, 'weight', `attn_pool.${name}.weight`, [out, into]);
    add(module, 'bias', `attn_pool.${name}.bias`, [out]);
  };
  const norm = (name: string, block?: number, width = C) => {
    const at = block === undefined ? {} : { block };
    add('norm', 'weight', `${name}.weight`, [width], at);
    add('norm', 'bias', `${name}.bias`, [width], at);
  };

  for (const { parameter, count } of prefixTokens(config)) add('token', 'embedding', parameter, [1, count, C]);
  const [rows, columns] = gridOf(config);
  if (config.ropeTheta === null)
    add('position', 'embedding', 'pos_embed', [1, config.positionedPrefix + rows * columns, C]);
  add('patch_embed', 'weight', 'patch_embed.proj.weight', [C, 3, P, P]);
  if (config.patchBias) add('patch_embed', 'bias', 'patch_embed.proj.bias', [C]);
  if (config.preNorm) norm('norm_pre');
  for (let i = 0; i < config.depth; i++) {
    const block = `blocks.${i}`;
    norm(`${block}.norm1`, i);
    for (const part of ['q', 'k', 'v'] as const)
      linear('attn', part, C, C, config.qkvBias && (part !== 'k' || config.keyBias), i);
    if (config.qkNorm) for (const part of ['q', 'k']) norm(`${block}.attn.${part}_norm`, i, C / config.heads);
    linear('attn', 'proj', C, C, true, i);
    if (config.layerScale) add('layer_scale', 'weight', `${block}.ls1.gamma`, [C], { block: i });
    norm(`${block}.norm2`, i);
    linear('mlp', 'fc1', fc1Width(config), C, true, i);
    linear('mlp', 'fc2', C, hidden, true, i);
    if (config.layerScale) add('layer_scale', 'weight', `${block}.ls2.gamma`, [C], { block: i });
  }
  if (config.finalNorm === 'tokens') norm('norm');
  if (config.pooling === 'attention') {
    add('token', 'embedding', 'attn_pool.latent', [1, 1, C]);
    for (const part of ['q', 'k', 'v', 'proj']) pooling('attn', part, C, C);
    norm('attn_pool.norm');
    pooling('mlp', 'mlp.fc1', hidden, C);
    pooling('mlp', 'mlp.fc2', C, hidden);
  }
  if (config.finalNorm === 'pooled') norm('fc_norm');
  return list;
}

/** The weights of the linear layers in the blocks: nearly all that a backbone is. */
export const blockMatrices = (config: VitConfig): ParameterInfo[] =>
  backboneParameters(config).filter(({ part, kind }) => part !== undefined && kind === 'weight');

/** Side lengths; one number for squares. */
export type ImageSize = number | readonly [height: number, width: number];

/** Positions are kept for each patch: beyond this no model was trained, and memory ends. */
const maxSide = 4096;

/** The same backbone for pictures of another size. Throws CheckpointError where the patch size doesn't divide it. */
export function resized(config: VitConfig, imageSize: ImageSize): VitConfig {
  const size = typeof imageSize === 'number' ? ([imageSize, imageSize] as const) : imageSize;
  if (sameShape(size, config.imageSize)) return config; // also where the patch size doesn't divide it
  const P = config.patchSize;
  if (size.some((side) => !Number.isInteger(side) || side < P || side % P !== 0 || side > maxSide)) {
    const near = Math.max(P, Math.round(size[0] / P) * P);
    throw new CheckpointError(
      `image size ${size.join('x')}: must be a multiple of the model's patch size ${P}, at most ${maxSide}; ${near} would do`,
    );
  }
  return { ...config, imageSize: size };
}
