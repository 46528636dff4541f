// Google's own files: the .npz of vision_transformer (ViT, augreg) and of big_vision (also SigLIP's vision tower). Flax's
// names; kernels are (in, out), attention's are cut by head, convolutions are (rows, columns, in, out).
import { CheckpointError } from '../../base/errors.ts';
import type { Shape } from '../../base/tensor.ts';
import { plainVit, type VitConfig } from '../config.ts';
import { flattened, permuted, stacked, transposed } from './arrangement.ts';
import type { Checkpoint, Source, Stated, TensorShapes, UnconfiguredFamily } from './family.ts';
import { depthOf, patchSizes, positions, unseen } from './inference.ts';

const patches = 'embedding/kernel';

/** What all names of the image tower begin with: '', 'opt/target/', 'params/', 'params/img/'. */
function prefixOf(tensors: TensorShapes): string | undefined {
  const found = [...tensors.keys()].find((name) => name === patches || name.endsWith(`/${patches}`));
  return found?.slice(0, -patches.length);
}

/** The modules of a block and of the attention pooling; numbers count the modules of a kind, or all of them (older files). */
const attentionOf = ['MultiHeadDotProductAttention_0', 'MultiHeadDotProductAttention_1'];
const modules: readonly (readonly [canonical: RegExp, names: readonly string[]])[] = [
  [/^norm1$/, ['LayerNorm_0']],
  [/^norm2$/, ['LayerNorm_1', 'LayerNorm_2']],
  [/^attn\.q$/, attentionOf.map((name) => `${name}/query`)],
  [/^attn\.k$/, attentionOf.map((name) => `${name}/key`)],
  [/^attn\.v$/, attentionOf.map((name) => `${name}/value`)],
  [/^attn\.proj$/, attentionOf.map((name) => `${name}/out`)],
  [/^mlp\.fc1$/, ['MlpBlock_0/Dense_0', 'MlpBlock_3/Dense_0']],
  [/^mlp\.fc2$/, ['MlpBlock_0/Dense_1', 'MlpBlock_3/Dense_1']],
];
const poolModules: Readonly<Record<string, string>> = {
  q: 'MultiHeadDotProductAttention_0/query',
  k: 'MultiHeadDotProductAttention_0/key',
  v: 'MultiHeadDotProductAttention_0/value',
  proj: 'MultiHeadDotProductAttention_0/out',
  norm: 'LayerNorm_0',
  'mlp.fc1': 'MlpBlock_0/Dense_0',
  'mlp.fc2': 'MlpBlock_0/Dense_1',
};

interface Sizes extends Pick<VitConfig, 'width' | 'heads' | 'hidden' | 'depth'> {
  readonly prefix: string;
  readonly outputs: number | undefined;
}

/** A layer in Flax's arrangement: `kind` is the canonical module's last part. */
function layer(
  path: string,
  kind: string,
  leaf: string,
  { width: C, heads: H, hidden }: Sizes,
): Source & { shape: Shape } {
  const d = C / H;
  const kernel = `${path}/kernel`;
  const bias = `${path}/bias`;
  switch (kind) {
    case 'q':
    case 'k':
    case 'v':
      return leaf === 'weight'
        ? { ...transposed(kernel, [C, H, d]), shape: [C, H, d] }
        : { ...flattened(bias, [H, d], [C]), shape: [H, d] };
    case 'proj':
      return leaf === 'weight' ? { ...transposed(kernel, [H, d, C], 2), shape: [H, d, C] } : { name: bias, shape: [C] };
    case 'fc1':
      return leaf === 'weight'
        ? { ...transposed(kernel, [C, hidden]), shape: [C, hidden] }
        : { name: bias, shape: [hidden] };
    case 'fc2':
      return leaf === 'weight'
        ? { ...transposed(kernel, [hidden, C]), shape: [hidden, C] }
        : { name: bias, shape: [C] };
    default: // norms
      return { name: leaf === 'weight' ? `${path}/scale` : bias, shape: [C] };
  }
}

/** Where a canonical parameter lies. Blocks have a folder each, or are stacked in one (a scan over layers). */
function sourceIn(tensors: TensorShapes, sizes: Sizes, patchSize: number, scanned: boolean) {
  const { prefix, width: C, depth } = sizes;
  const own = (...names: readonly string[]): string =>
    prefix + (names.find((name) => tensors.has(prefix + name)) ?? names[0]!);
  return (canonical: string): Source => {
    const dot = canonical.lastIndexOf('.');
    const [module, leaf] = [canonical.slice(0, dot), canonical.slice(dot + 1)];
    const kind = module.slice(module.lastIndexOf('.') + 1);
    const block = /^blocks\.(\d+)\.(.*)$/.exec(module);
    if (block) {
      const folder = `Transformer/encoderblock${scanned ? '' : `_${block[1]}`}`;
      const names = modules.find(([pattern]) => pattern.test(block[2]!))?.[1] ?? [block[2]!];
      const path = names
        .map((name) => `${folder}/${name}`)
        .find((name) => [...'kernel scale'.split(' ')].some((end) => tensors.has(`${prefix}${name}/${end}`)));
      const { shape, ...source } = layer(prefix + (path ?? `${folder}/${names[0]}`), kind, leaf, sizes);
      return scanned ? stacked(source, shape, Number(block[1]), depth) : source;
    }
    if (module === 'attn_pool') return { name: own('MAPHead_0/probe') };
    const pool = /^attn_pool\.(.*)$/.exec(module)?.[1];
    if (pool !== undefined) {
      const { shape: _, ...source } = layer(own(`MAPHead_0/${poolModules[pool] ?? pool}`), kind, leaf, sizes);
      return source;
    }
    switch (canonical) {
      case 'cls_token':
        return { name: own('cls') };
      case 'pos_embed':
        return { name: own('pos_embedding', 'Transformer/posembed_input/pos_embedding') };
      case 'patch_embed.proj.weight':
        return {
          name: own(patches),
          arranged: { shape: [patchSize, patchSize, 3, C], restore: (kernel) => permuted(kernel, [3, 2, 0, 1]) },
        };
      case 'patch_embed.proj.bias':
        return { name: own('embedding/bias') };
      case 'norm.weight':
        return { name: own('Transformer/encoder_norm/scale') };
      case 'norm.bias':
        return { name: own('Transformer/encoder_norm/bias') };
      case 'head.weight':
        return transposed(own('head/kernel'), [C, sizes.outputs ?? 0]);
      default:
        return { name: own(canonical.replaceAll('.', '/')) };
    }
  };
}

function read(stated: Stated, tensors: TensorShapes): Checkpoint {
  const prefix = prefixOf(tensors)!;
  const shape = (...names: readonly string[]): Shape | undefined =>
    names.map((name) => tensors.get(prefix + name)?.shape).find((found) => found !== undefined);
  const need = (...names: readonly string[]): Shape => {
    const found = shape(...names);
    if (!found) throw new CheckpointError(`${prefix}${names.join(' or ')}: is missing, so the network can't be told`);
    return found;
  };
  const [rows, columns, channels, out] = need(patches);
  const { width, patchSize } = patchSizes(prefix + patches, [out ?? 0, channels ?? 0, rows ?? 0, columns ?? 0]);
  const scanned = [...tensors.keys()].some((name) => name.startsWith(`${prefix}Transformer/encoderblock/`));
  const first = `Transformer/encoderblock${scanned ? '' : '_0'}`;
  const query = need(...attentionOf.map((name) => `${first}/${name}/query/kernel`));
  const mlp = need(`${first}/MlpBlock_0/Dense_0/kernel`, `${first}/MlpBlock_3/Dense_0/kernel`);
  const depth = scanned ? query[0]! : depthOf(tensors, /\/encoderblock_(\d+)\//);
  const heads = query.at(-2)!;
  const hidden = mlp.at(-1)!;
  if (query.length !== (scanned ? 4 : 3) || heads < 1 || width % heads !== 0 || depth > 256 || hidden < 1)
    throw new CheckpointError(`${prefix}${first}: attention of shape [${query.join(', ')}] doesn't fit width ${width}`);

  const classToken = shape('cls') !== undefined;
  const pooled = shape('MAPHead_0/probe') !== undefined;
  // The classifier of the pre-trained files reads tanh(pre_logits), which transfer leaves out, and then the classifier, too.
  const preLogits = shape('pre_logits/kernel') !== undefined;
  const outputs = preLogits ? undefined : shape('head/kernel')?.[1];
  const { assumes, ...unseenParts } = unseen(stated, { activation: 'gelu', normEps: 1e-6 });
  const config: VitConfig = {
    ...plainVit,
    ...unseenParts,
    ...positions(
      need('pos_embedding', 'Transformer/posembed_input/pos_embedding').at(-2) ?? 0,
      [classToken ? 1 : 0],
      patchSize,
      stated,
    ),
    family: pooled ? 'siglip' : 'vit',
    patchSize,
    width,
    depth,
    heads,
    hidden,
    classToken,
    pooling: pooled ? 'attention' : classToken ? 'class' : 'mean',
  };
  const textTower = prefix.endsWith('img/') ? prefix.slice(0, -'img/'.length) : undefined;
  return {
    config,
    head: outputs === undefined ? undefined : { kind: 'classifier', outputs },
    source: sourceIn(tensors, { prefix, width, heads, hidden, depth, outputs }, patchSize, scanned),
    ignores: (name) =>
      (preLogits && /^(?:pre_logits|head)\//.test(name.slice(prefix.length))) ||
      (prefix === 'opt/target/' && name.startsWith('opt/state/')) || // the optimiser's
      (textTower !== undefined && /^(?:txt\/|t$|b$)/.test(name.slice(textTower.length))), // its logit scale and bias, too
    resampling: 'bilinear',
    preprocessing: { interpolation: 'bicubic', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], cropShare: 0.9 },
    assumptions: assumes,
  };
}

export const googleNpz: UnconfiguredFamily = {
  name: 'google',
  recognises: (tensors) => prefixOf(tensors) !== undefined,
  read,
};
