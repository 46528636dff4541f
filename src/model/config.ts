// The shape of a vision transformer, whatever library its checkpoint comes from, and the table of its parameters.
import { InternalError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import type { Shape } from '../base/tensor.ts';

export interface VitConfig {
  /** Where the architecture comes from, for people: `dinov2`, `vit`, `clip`. */
  readonly family: string;
  /** Height and width of the input, pixels; multiples of `patchSize`. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** Token width C, blocks L, attention heads, hidden width of the MLP. */
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly hidden: number;
  readonly activation: 'gelu' | 'quick_gelu';
  readonly normEps: number;
  /** LayerScale: a trained factor per channel on each branch (Touvron et al. 2021). */
  readonly layerScale: boolean;
  /** A LayerNorm before the first block (CLIP). */
  readonly preNorm: boolean;
  readonly patchBias: boolean;
  readonly qkvBias: boolean;
  /**
   * `linear`: weight and bias on the class token. `clip`: projection, L2 normalisation, then class embeddings times the
   * logit scale, with a bias (the zero-shot classifier; Wortsman et al. 2022).
   */
  readonly head: 'linear' | 'clip';
  /** Width of CLIP's shared space; 0 for a linear head. */
  readonly projection: number;
}

/** ViT-B/16 at 224 pixels (Dosovitskiy et al. 2021, table 1): what published counts refer to. */
export const vitBase: VitConfig = {
  family: 'vit',
  imageSize: [224, 224],
  patchSize: 16,
  width: 768,
  depth: 12,
  heads: 12,
  hidden: 3072,
  activation: 'gelu',
  normEps: 1e-6,
  layerScale: false,
  preNorm: false,
  patchBias: true,
  qkvBias: true,
  head: 'linear',
  projection: 0,
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
  return [h / patchSize, w / patchSize];
}

/** Tokens that enter the first block: class token and patches. */
export function tokenCount(config: VitConfig): number {
  const [rows, columns] = gridOf(config);
  return 1 + rows * columns;
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
  const norm = (name: string, block?: number) => {
    const at = block === undefined ? {} : { block };
    add('norm', 'weight', `${name}.weight`, [C], at);
    add('norm', 'bias', `${name}.bias`, [C], at);
  };

  add('token', 'embedding', 'cls_token', [1, 1, C]);
  add('position', 'embedding', 'pos_embed', [1, tokenCount(config), C]);
  add('patch_embed', 'weight', 'patch_embed.proj.weight', [C, 3, P, P]);
  if (config.patchBias) add('patch_embed', 'bias', 'patch_embed.proj.bias', [C]);
  if (config.preNorm) norm('norm_pre');
  for (let i = 0; i < config.depth; i++) {
    const block = `blocks.${i}`;
    norm(`${block}.norm1`, i);
    for (const part of ['q', 'k', 'v'] as const) linear('attn', part, C, C, config.qkvBias, i);
    linear('attn', 'proj', C, C, true, i);
    if (config.layerScale) add('layer_scale', 'weight', `${block}.ls1.gamma`, [C], { block: i });
    norm(`${block}.norm2`, i);
    linear('mlp', 'fc1', hidden, C, true, i);
    linear('mlp', 'fc2', C, hidden, true, i);
    if (config.layerScale) add('layer_scale', 'weight', `${block}.ls2.gamma`, [C], { block: i });
  }
  norm('norm');
  return list;
}

/** The same backbone for pictures of another size. Throws InternalError where the patch size doesn't divide it. */
export function resized(config: VitConfig, imageSize: readonly [number, number]): VitConfig {
  if (imageSize.some((side) => side % config.patchSize !== 0))
    throw new InternalError(`image size ${imageSize.join('x')} is not a multiple of patch size ${config.patchSize}`);
  return { ...config, imageSize };
}
