// A run as a folder of Hugging Face's transformers: config.json, preprocessor_config.json and model.safetensors in the names
// that its files have, for AutoModelForImageClassification.from_pretrained.
import { join } from 'node:path';
import { float32, type Tensor, zeros } from '../base/tensor.ts';
import { writeSafetensors } from '../formats/safetensors-file.ts';
import { backboneParameters } from '../model/config.ts';
import { families } from '../model/families/index.ts';
import type { AdapterConfig } from '../train/adapter.ts';
import { writeJson } from '../train/run-folder.ts';
import { huggingFaceClass, huggingFaceConfig, huggingFacePreprocessing } from './hugging-face-config.ts';
import type { Classifier } from './plain.ts';

type Named = readonly (readonly [string, Tensor<'float32'>])[];

/** DINOv2's classifier reads class token and mean patch; one that was tuned on the class token alone ignores the patches. */
export function besideMeanPatch({ shape, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [K, C] = shape as [number, number];
  const wide = new Float32Array(K * 2 * C);
  for (let k = 0; k < K; k++) wide.set(data.subarray(k * C, (k + 1) * C), k * 2 * C);
  return float32([K, 2 * C], wide);
}

/** The positions of all tokens: the first `prefix` rows are zero where the network gives those tokens none. */
async function positions({ config, weights }: Classifier, prefix: number): Promise<Tensor<'float32'>> {
  const own = await weights.read('pos_embed'); // (1, positionedPrefix + patches, C)
  const missing = prefix - config.positionedPrefix;
  if (missing === 0) return own;
  const data = new Float32Array(own.data.length + missing * config.width);
  data.set(own.data.subarray(0, config.positionedPrefix * config.width));
  data.set(own.data.subarray(config.positionedPrefix * config.width), prefix * config.width);
  return float32([1, own.shape[1]! + missing, config.width], data);
}

/** Every tensor of the class by its name in a file. */
async function tensorsOf(classifier: Classifier, modelType: string, json: Readonly<Record<string, unknown>>) {
  const { config, weights } = classifier;
  const { source } = families.find((family) => family.recognises(json))!.read(json, new Map());
  const named: (readonly [string, Tensor<'float32'>])[] = [];
  // transformers positions class and distillation token, never the registers.
  const positioned = 1 + Number(config.distillationToken);
  for (const { name } of backboneParameters(config)) {
    const tensor = name === 'pos_embed' ? await positions(classifier, positioned) : await weights.read(name);
    named.push([source(name).name, tensor]);
  }
  const [weight, bias] = [await weights.read('head.weight'), await weights.read('head.bias')];
  const dinov2 = modelType.startsWith('dinov2');
  const extra: Named = [
    ['classifier.weight', dinov2 && config.pooling === 'class' ? besideMeanPatch(weight) : weight],
    ['classifier.bias', bias],
    // Unused without masked patches, but a parameter of the class.
    ...(dinov2 ? [[`${modelType}.embeddings.mask_token`, zeros([1, config.width])] as const] : []),
  ];
  return [...named, ...extra];
}

/** Writes the folder. Throws OptionError where transformers has no class for this network. */
export async function writeHuggingFace(folder: string, classifier: Classifier, run: AdapterConfig): Promise<void> {
  const kind = huggingFaceClass(classifier.config);
  const json = huggingFaceConfig(classifier.config, kind, run.classes);
  const tensors = await tensorsOf(classifier, kind.modelType, json);
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  await writeJson(join(folder, 'config.json'), { ...json, dtype: 'float32' });
  await writeJson(join(folder, 'preprocessor_config.json'), huggingFacePreprocessing(run.preprocessing));
}
