// State dicts of plain ViTs in timm's names, which MAE, DeiT, DeiT-3 and DINOv2 share but for a few, saved without a config:
// their authors' .pth files, and the towers that OpenCLIP takes from timm.
import { CheckpointError } from '../../base/errors.ts';
import { imagenetMean, imagenetStd } from '../../base/preprocessing.ts';
import type { Shape } from '../../base/tensor.ts';
import type { CheckpointHead } from '../checkpoint-head.ts';
import { type Pooling, plainVit, type VitConfig } from '../config.ts';
import type { Checkpoint, Source, Stated, TensorShapes, UnconfiguredFamily } from './family.ts';
import { depthOf, headsFor, patchSizes, positions, unseen } from './inference.ts';
import { timmSource } from './timm.ts';

const patches = 'patch_embed.proj.weight';

/** What wraps the network: `module.`, `backbone.`, `visual.trunk.`, or nothing. */
function prefixesOf(tensors: TensorShapes): readonly string[] {
  return [...tensors.keys()]
    .filter((name) => name === patches || name.endsWith(`.${patches}`))
    .map((name) => name.slice(0, -patches.length))
    .filter((prefix) => tensors.has(`${prefix}blocks.0.attn.qkv.weight`));
}

/** Spellings of DINOv2 (registers, SwiGLU) and DeiT-3 (LayerScale), by timm's. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/^reg_token$/, 'register_tokens'],
  [/\.ls([12])\.gamma$/, '.gamma_$1'],
  [/\.mlp\.fc1\./, '.mlp.w12.'],
  [/\.mlp\.fc2\./, '.mlp.w3.'],
];

const openClip = 'visual.trunk.';
const ofTextTower =
  /^(?:text\.|transformer\.|token_embedding\.|ln_final\.|(?:positional_embedding|text_projection|logit_scale|logit_bias)$)/;

/** Tensors beside the encoder: MAE's decoder, the mask token of masked training, DINO's training heads. */
function besides(prefix: string): (name: string) => boolean {
  return (name) => {
    if (prefix === openClip && ofTextTower.test(name)) return true;
    if (prefix.endsWith('backbone.') && /^(?:module\.)?(?:dino_|ibot_)?head\./.test(name)) return true;
    return name.startsWith(prefix) && /^(?:mask_token$|decoder_)/.test(name.slice(prefix.length));
  };
}

function read(stated: Stated, tensors: TensorShapes): Checkpoint {
  const [prefix = '', ...others] = prefixesOf(tensors);
  if (others.length > 0)
    throw new CheckpointError(
      `the weights hold several networks, under ${[prefix, ...others].map((p) => `"${p}"`).join(', ')}; save the state dict of one`,
    );
  const shape = (name: string): Shape | undefined => tensors.get(prefix + name)?.shape;
  const has = (name: string): boolean => tensors.has(prefix + name);
  const { width, patchSize } = patchSizes(prefix + patches, shape(patches)!);
  const { heads, assumes } = headsFor(width, stated);
  const preNorm = has('norm_pre.weight');
  const fc1 = (shape('blocks.0.mlp.fc1.weight') ?? shape('blocks.0.mlp.w12.weight'))?.[0] ?? 4 * width;
  const hidden = (shape('blocks.0.mlp.fc2.weight') ?? shape('blocks.0.mlp.w3.weight'))?.[1] ?? fc1;
  const gated = fc1 === 2 * hidden;
  const { assumes: alsoAssumes, ...unseenParts } = unseen(stated, {
    activation: gated ? 'silu' : 'gelu',
    normEps: preNorm ? 1e-5 : 1e-6, // a norm before the blocks is CLIP's
  });

  const classToken = has('cls_token');
  const distillationToken = has('dist_token');
  const registers = (shape('reg_token') ?? shape('register_tokens'))?.at(-2) ?? 0;
  const learnt = Number(classToken) + Number(distillationToken);
  const layerScale = has('blocks.0.ls1.gamma') || has('blocks.0.gamma_1');
  const dinov2 = has('mask_token') && layerScale;
  const head = headOf(shape, (name) => tensors.get(name)?.shape, prefix);
  const pooling: Pooling = has('attn_pool.latent')
    ? 'attention'
    : has('fc_norm.weight') || !classToken
      ? 'mean'
      : distillationToken
        ? 'class_distilled'
        : 'class';
  const config: VitConfig = {
    ...plainVit,
    ...unseenParts,
    ...positions(shape('pos_embed')?.at(-2) ?? 0, [...new Set([learnt, learnt + registers, 0])], patchSize, stated),
    family: dinov2 ? 'dinov2' : 'vit',
    patchSize,
    width,
    depth: depthOf(tensors, /(?:^|\.)blocks\.(\d+)\./),
    heads,
    hidden,
    mlp: gated ? 'gated' : 'plain',
    layerScale,
    preNorm,
    patchBias: has('patch_embed.proj.bias'),
    qkvBias: has('blocks.0.attn.qkv.bias'),
    qkNorm: has('blocks.0.attn.q_norm.weight'),
    classToken,
    distillationToken,
    registers,
    pooling,
    finalNorm: has('fc_norm.weight') ? 'pooled' : has('norm.weight') ? 'tokens' : 'none',
    projection: head?.kind === 'projection' ? head.outputs : 0,
  };
  const source = (canonical: string): Source => {
    if (canonical === 'head.proj.weight') return { name: 'visual.head.proj.weight' };
    const found = timmSource(canonical, width);
    if (has(found.name)) return { ...found, name: prefix + found.name };
    const other = spellings.map(([timm, own]) => found.name.replace(timm, own)).find(has);
    return { ...found, name: prefix + (other ?? found.name) };
  };
  return {
    config,
    head,
    source,
    ignores: besides(prefix),
    // DINOv2's own code, which antialiases with registers; timm's for the rest.
    resampling: dinov2 && registers === 0 ? 'bicubic_offset' : 'bicubic_antialias',
    preprocessing: { interpolation: 'bicubic', mean: imagenetMean, std: imagenetStd, cropShare: 0.875 },
    assumptions: [...assumes, ...alsoAssumes],
  };
}

function headOf(
  own: (name: string) => Shape | undefined,
  whole: (name: string) => Shape | undefined,
  prefix: string,
): CheckpointHead | undefined {
  const projection = prefix === openClip ? whole('visual.head.proj.weight')?.[0] : undefined;
  if (projection !== undefined) return { kind: 'projection', outputs: projection };
  const outputs = own('head.weight')?.[0];
  if (outputs === undefined) return undefined;
  return { kind: own('head_dist.weight') ? 'distilled' : 'classifier', outputs };
}

export const stateDict: UnconfiguredFamily = {
  name: 'state-dict',
  recognises: (tensors) => prefixesOf(tensors).length > 0,
  read,
};
