// A run as a folder of timm's: config.json and model.safetensors, for timm.create_model('local-dir:FOLDER', pretrained=True).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OptionError } from '../base/errors.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import { writeSafetensors } from '../formats/safetensors-file.ts';
import { backboneParameters, type Pooling, type VitConfig } from '../model/config.ts';
import { timmSource } from '../model/families/timm.ts';
import type { TimmArguments } from '../model/families/timm-arguments.ts';
import type { AdapterConfig } from '../train/adapter.ts';
import { writeJson } from '../train/run-folder.ts';
import type { Classifier } from './plain.ts';

const poolings: Readonly<Partial<Record<Pooling, string>>> = {
  class: 'token',
  mean: 'avg',
  max: 'max',
  mean_max: 'avgmax',
  attention: 'map',
};

/**
 * An architecture whose name says the epsilon of its norms, which no argument can: 1e-5 is CLIP's, else 1e-6. Those of
 * transformers' ViT, 1e-12, are below what float32 tells from 1e-6 unless a token is nearly constant; the certificate
 * checks it.
 */
const architectureFor = ({ normEps, family }: VitConfig) =>
  normEps === 1e-5 ? 'vit_base_patch16_clip_224' : family === 'timm' ? undefined : 'vit_base_patch16_224';

function obstacle(config: VitConfig): string | undefined {
  if (config.ropeTheta !== null) return 'rotary positions';
  if (config.distillationToken) return 'a distillation token';
  if (config.mlp === 'gated') return 'a gated MLP';
  if (config.qkvBias && !config.keyBias) return 'keys without a bias';
  if (config.patchBias === config.preNorm) return 'a norm before the blocks and a bias on the patches, or neither';
  if (poolings[config.pooling] === undefined) return `a head that reads ${config.pooling}`;
  if (![0, prefixOf(config)].includes(config.positionedPrefix) && !foldsClassPosition(config))
    return 'positions for some of the tokens before the patches';
  return undefined;
}

const prefixOf = ({ classToken, registers }: VitConfig) => Number(classToken) + registers;

/** With registers transformers positions the class token alone; timm then has that position inside the class token. */
const foldsClassPosition = ({ classToken, registers, positionedPrefix }: VitConfig) =>
  classToken && registers > 0 && positionedPrefix === 1;

/** Arguments of the constructor. Throws OptionError where timm's VisionTransformer has none for a part of this network. */
export function timmModelArguments(config: VitConfig): TimmArguments {
  const why = obstacle(config);
  if (why !== undefined)
    throw new OptionError(`export: timm's VisionTransformer can't be built with ${why}; --to onnx exports it as it is`);
  return {
    img_size: config.imageSize,
    patch_size: config.patchSize,
    embed_dim: config.width,
    depth: config.depth,
    num_heads: config.heads,
    mlp_ratio: config.hidden / config.width,
    qkv_bias: config.qkvBias,
    qk_norm: config.qkNorm,
    init_values: config.layerScale ? 1e-5 : null, // only where training starts
    class_token: config.classToken,
    no_embed_class: prefixOf(config) > 0 && (config.positionedPrefix === 0 || foldsClassPosition(config)),
    reg_tokens: config.registers,
    pre_norm: config.preNorm,
    final_norm: config.finalNorm !== 'none',
    fc_norm: config.finalNorm === 'pooled',
    global_pool: poolings[config.pooling]!,
    act_layer: config.activation,
  };
}

/** The state dict: q, k and v are one layer, their rows in that order. */
async function stateDict(classifier: Classifier): Promise<Map<string, Tensor<'float32'>>> {
  const { config, weights } = classifier;
  const parts = new Map<string, Tensor<'float32'>[]>();
  for (const { name } of backboneParameters(config)) {
    const target = timmSource(name, config.width).name;
    parts.set(target, [...(parts.get(target) ?? []), await weights.read(name)]);
  }
  for (const name of ['head.weight', 'head.bias']) parts.set(name, [await weights.read(name)]);
  const joined = new Map([...parts].map(([name, list]) => [name, list.length === 1 ? list[0]! : rows(list)]));
  if (!foldsClassPosition(config)) return joined;
  const [C, token, positions] = [config.width, joined.get('cls_token')!, joined.get('pos_embed')!];
  joined.set(
    'cls_token',
    float32(
      token.shape,
      token.data.map((x, i) => x + positions.data[i]!),
    ),
  );
  joined.set('pos_embed', float32([1, positions.shape[1]! - 1, C], positions.data.slice(C)));
  return joined;
}

function rows(parts: readonly Tensor<'float32'>[]): Tensor<'float32'> {
  const data = new Float32Array(parts.reduce((n, part) => n + part.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  const [first] = parts;
  return float32(
    first!.shape.with(
      0,
      parts.reduce((n, part) => n + part.shape[0]!, 0),
    ),
    data,
  );
}

/** What the base says of itself, where timm wrote it: its architecture's name holds what no argument says. */
async function ownArchitecture(base: string): Promise<string> {
  const json = JSON.parse(await readFile(join(base, 'config.json'), 'utf8')) as { architecture: string };
  return json.architecture;
}

/** Writes the folder. `base`: the backbone's. Throws OptionError where timm can't build this network. */
export async function writeTimm(
  folder: string,
  classifier: Classifier,
  { classes, preprocessing }: AdapterConfig,
  base: string,
): Promise<void> {
  const { config } = classifier;
  const { imageSize, resize, resizeTo, interpolation, mean, std } = preprocessing;
  const model_args = { ...timmModelArguments(config), num_classes: classes.length };
  await writeSafetensors(join(folder, 'model.safetensors'), await stateDict(classifier), { format: 'pt' });
  await writeJson(join(folder, 'config.json'), {
    architecture: architectureFor(config) ?? (await ownArchitecture(base)),
    num_classes: classes.length,
    num_features: config.width,
    global_pool: model_args.global_pool,
    label_names: classes,
    model_args,
    pretrained_cfg: {
      input_size: [3, ...imageSize],
      fixed_input_size: true,
      interpolation,
      crop_pct: Math.max(...imageSize) / resizeTo,
      crop_mode: resize === 'exact' ? 'squash' : 'center',
      mean,
      std,
      num_classes: classes.length,
      first_conv: 'patch_embed.proj',
      classifier: 'head',
    },
  });
}
