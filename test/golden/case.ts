// A golden case folder: case.json and tensors.safetensors, in the format that test/fixtures/golden/README.md describes.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { float32, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { openSafetensors } from '../../src/formats/safetensors-file.ts';
import { plainVit, type VitConfig } from '../../src/model/config.ts';
import type { Source } from '../../src/model/families/family.ts';
import { timmSource } from '../../src/model/families/timm.ts';
import type { Weights } from '../../src/model/weights.ts';
import type { Distribution } from './starts.ts';

export interface CaseJson {
  readonly name: string;
  readonly kind: 'forward_backward_step' | 'merge';
  readonly variant?: 'paper';
  readonly quirk?: boolean;
  readonly batch: number;
  readonly init_distribution?: Readonly<Record<string, Distribution>>;
  readonly checks?: { readonly start_preserves_pretrained_function?: boolean };
  readonly backbone: {
    readonly kind: string;
    readonly img_size: number;
    readonly patch_size: number;
    readonly embed_dim: number;
    readonly depth: number;
    readonly num_heads: number;
    readonly mlp_ratio: number;
    readonly num_classes: number;
    readonly qkv_bias: boolean;
    readonly layerscale_init: number | null;
    readonly pre_norm: boolean;
    readonly patch_embed_bias: boolean;
    readonly act: 'gelu' | 'quick_gelu';
    readonly norm_eps: number;
    readonly head: 'linear' | 'clip_zero_shot';
    readonly proj_dim: number | null;
  };
  readonly method: {
    readonly name?: string;
    readonly terms: Readonly<Record<string, unknown>>;
    readonly authors_flags_all?: Readonly<Record<string, unknown>>;
  };
  readonly train?: {
    readonly lr: number;
    readonly weight_decay: number;
    readonly steps: number;
    /** More than one: vectors have no weight decay. */
    readonly param_groups?: readonly unknown[];
    readonly loss_extra?: { readonly coefficient: number } | null;
  };
  /** Rates under the fixed masks `drop_path_mask.*`. */
  readonly drop_path?: { readonly adapter: number; readonly vit: number };
  readonly merge?: {
    readonly tool: 'merge_petl' | 'merge_model';
    readonly option: 'all' | 'fc' | null;
    readonly alphas: readonly number[];
  };
}

export interface GoldenCase {
  readonly name: string;
  readonly json: CaseJson;
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly config: VitConfig;
}

export async function readCase(folder: string): Promise<GoldenCase> {
  const json = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8')) as CaseJson;
  const file = await openSafetensors(join(folder, 'tensors.safetensors'));
  const tensors = new Map<string, Tensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
  const b = json.backbone;
  const config: VitConfig = {
    ...plainVit,
    family: b.kind,
    imageSize: [b.img_size, b.img_size],
    patchSize: b.patch_size,
    width: b.embed_dim,
    depth: b.depth,
    heads: b.num_heads,
    hidden: Math.trunc(b.embed_dim * b.mlp_ratio),
    activation: b.act,
    normEps: b.norm_eps,
    layerScale: tensors.has('backbone.blocks.0.ls1.gamma'),
    preNorm: b.pre_norm,
    patchBias: b.patch_embed_bias,
    qkvBias: b.qkv_bias,
    head: b.head === 'linear' ? 'linear' : 'clip',
    projection: b.proj_dim ?? 0,
  };
  return { name: basename(folder), json, tensors, config };
}

/** A tensor of the case, or the rows of it that `source` names. */
export function take<T extends Tensor>(
  tensors: ReadonlyMap<string, Tensor>,
  prefix: string,
  { name, rows }: Source,
): T {
  const tensor = tensors.get(prefix + name);
  if (!tensor) throw new Error(`the case has no tensor ${prefix}${name}`);
  if (!rows) return tensor as T;
  const row = sizeOf(tensor.shape) / tensor.shape[0]!;
  const shape = tensor.shape.with(0, rows[1] - rows[0]);
  return { dtype: tensor.dtype, shape, data: tensor.data.slice(rows[0] * row, rows[1] * row) } as unknown as T;
}

/** The case's frozen backbone, by canonical name. */
export function caseWeights({ tensors, config }: GoldenCase): Weights {
  const find = (name: string) => take<Tensor<'float32'>>(tensors, 'backbone.', timmSource(name, config.width));
  return {
    get: (name) => {
      const tensor = find(name);
      return { dtype: tensor.dtype, shape: tensor.shape, data: tensor };
    },
    read: async (name) => find(name),
  };
}

export const scalarOf = (tensor: Tensor | undefined): number => Number(tensor?.data[0]);
export const asFloat = (tensor: Tensor): Tensor<'float32'> => float32(tensor.shape, tensor.data as Float32Array);
