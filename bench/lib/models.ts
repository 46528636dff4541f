// Models of random weights, as a folder that both Hugging Face and vitune read; written once and kept in a cache folder.
import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stream } from '../../src/base/rng.ts';
import { float32, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { writeSafetensors } from '../../src/formats/safetensors-file.ts';
import { backboneParameters } from '../../src/model/config.ts';
import { huggingFaceVit } from '../../src/model/families/hugging-face-vit.ts';
import { type Model, vitConfig } from './work.ts';

/** Random numbers that all tensors are cut from: drawing every one of a ViT-B's would take longer than a row. */
const drawn = 2 ** 20;

function huggingFaceConfig(model: Model) {
  const config = vitConfig(model);
  return {
    model_type: 'vit',
    hidden_size: config.width,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    hidden_act: 'gelu',
    layer_norm_eps: config.normEps,
    image_size: model.imageSize,
    patch_size: config.patchSize,
  };
}

/** The file's name of each canonical one. */
export function fileNames(model: Model): Readonly<Record<string, string>> {
  const { source } = huggingFaceVit.read(huggingFaceConfig(model), new Map());
  return Object.fromEntries(backboneParameters(vitConfig(model)).map(({ name }) => [name, source(name).name]));
}

/** N(0, 0.02), norms at their start. */
function randomTensors(model: Model): Map<string, Tensor<'float32'>> {
  const rng = stream(0, 'bench', 'weights');
  const noise = Float32Array.from({ length: drawn }, () => 0.02 * rng.normal());
  const names = fileNames(model);
  return new Map(
    backboneParameters(vitConfig(model)).map(({ name, shape, module, kind }) => {
      const data = new Float32Array(sizeOf(shape));
      if (module === 'norm') data.fill(kind === 'weight' ? 1 : 0);
      else for (let i = 0; i < data.length; i += drawn) data.set(noise.subarray(0, data.length - i), i);
      return [names[name]!, float32(shape, data)];
    }),
  );
}

export async function modelFolder(cache: string, model: Model): Promise<string> {
  const folder = join(cache, `vit-${model.size}-16-${model.imageSize}-${model.depth}`);
  const path = join(folder, 'model.safetensors');
  if (existsSync(path)) return folder;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(huggingFaceConfig(model)));
  await writeSafetensors(`${path}.part`, randomTensors(model), { format: 'pt' });
  await rename(`${path}.part`, path);
  return folder;
}
