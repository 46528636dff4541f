// config.json and preprocessor_config.json as Hugging Face's transformers (and transformers.js) read them.
import { OptionError } from '../base/errors.ts';
import type { Interpolation, Preprocessing } from '../base/preprocessing.ts';
import type { VitConfig } from '../model/config.ts';

/** A class of transformers for image classification, and the model_type that its config has. */
export interface HuggingFaceClass {
  readonly modelType: 'vit' | 'deit' | 'dinov2' | 'dinov2_with_registers';
  readonly architecture: string;
}

const classes = {
  vit: { modelType: 'vit', architecture: 'ViTForImageClassification' },
  deit: { modelType: 'deit', architecture: 'DeiTForImageClassification' },
  dinov2: { modelType: 'dinov2', architecture: 'Dinov2ForImageClassification' },
  dinov2_with_registers: {
    modelType: 'dinov2_with_registers',
    architecture: 'Dinov2WithRegistersForImageClassification',
  },
} as const satisfies Record<string, HuggingFaceClass>;

/** What the class that a network would need doesn't do; undefined where there is nothing. */
function obstacle(config: VitConfig): string | undefined {
  const { imageSize, layerScale, registers, distillationToken } = config;
  if (config.ropeTheta !== null) return 'rotary positions';
  if (config.preNorm) return 'a norm before the first block';
  if (config.qkNorm) return 'norms on queries and keys';
  if (!config.patchBias) return 'patches without a bias';
  if (config.qkvBias && !config.keyBias) return 'keys without a bias';
  if (!config.classToken) return 'no class token';
  if (config.finalNorm !== 'tokens') return 'a last norm that is not on the tokens';
  if (config.mlp === 'gated') return 'a gated MLP';
  if (imageSize[0] !== imageSize[1]) return 'pictures that are not square';
  if (layerScale && distillationToken) return 'both LayerScale and a distillation token';
  if (registers > 0 && !layerScale) return 'registers without LayerScale';
  if (config.pooling !== 'class' && !(config.pooling === 'class_mean' && layerScale))
    return `a head that reads ${config.pooling}`;
  return undefined;
}

/** The class that computes what this network does. Throws OptionError where there is none. */
export function huggingFaceClass(config: VitConfig): HuggingFaceClass {
  const why = obstacle(config);
  if (why !== undefined)
    throw new OptionError(
      `export: no image classifier of transformers' ViT, DeiT or DINOv2 has ${why}; --to onnx exports it as it is`,
    );
  if (config.layerScale) return config.registers > 0 ? classes.dinov2_with_registers : classes.dinov2;
  return config.distillationToken ? classes.deit : classes.vit;
}

const activations = {
  gelu: 'gelu',
  gelu_tanh: 'gelu_pytorch_tanh',
  quick_gelu: 'quick_gelu',
  relu: 'relu',
  silu: 'silu',
} as const satisfies Record<VitConfig['activation'], string>;

/** config.json: the sizes, and the names of the classes. */
export function huggingFaceConfig(
  config: VitConfig,
  { modelType, architecture }: HuggingFaceClass,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  return {
    architectures: [architecture],
    model_type: modelType,
    hidden_size: config.width,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    ...(modelType.startsWith('dinov2') ? { mlp_ratio: config.hidden / config.width, use_swiglu_ffn: false } : {}),
    ...(modelType === 'dinov2_with_registers' ? { num_register_tokens: config.registers } : {}),
    hidden_act: activations[config.activation],
    layer_norm_eps: config.normEps,
    image_size: config.imageSize[0],
    patch_size: config.patchSize,
    num_channels: 3,
    qkv_bias: config.qkvBias,
    id2label: Object.fromEntries(names.map((name, i) => [String(i), name])),
    label2id: Object.fromEntries(names.map((name, i) => [name, i])),
  };
}

/** PIL's numbers of its filters. */
const pil: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** preprocessor_config.json. A processor that crops is CLIP's kind, which DINOv2 uses; ViT's doesn't crop. */
export function huggingFacePreprocessing(preprocessing: Preprocessing): Readonly<Record<string, unknown>> {
  const { imageSize, resize, resizeTo, interpolation, mean, std } = preprocessing;
  const [height, width] = imageSize;
  const crops = resize === 'shortest' || resizeTo !== Math.max(height, width);
  const factor = resizeTo / Math.max(height, width);
  const whole = { height: Math.round(height * factor), width: Math.round(width * factor) };
  return {
    image_processor_type: crops ? 'BitImageProcessor' : 'ViTImageProcessor',
    do_resize: true,
    size: resize === 'shortest' ? { shortest_edge: resizeTo } : whole,
    resample: pil.indexOf(interpolation),
    do_center_crop: crops,
    ...(crops ? { crop_size: { height, width } } : {}),
    do_convert_rgb: true,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  };
}
