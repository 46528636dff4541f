// Small real things for tests: a random ViT as a Hugging Face folder, and a folder of drawn pictures.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { stream } from '../../src/base/rng.ts';
import { float32, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { writeSafetensors } from '../../src/formats/safetensors-file.ts';
import { backboneParameters, plainVit, type VitConfig } from '../../src/model/config.ts';
import { huggingFaceDinov2 } from '../../src/model/families/hugging-face-dinov2.ts';
import { huggingFaceVit } from '../../src/model/families/hugging-face-vit.ts';

export const tinyConfig: VitConfig = {
  ...plainVit,
  family: 'vit',
  imageSize: [32, 32],
  patchSize: 8,
  width: 32,
  depth: 2,
  heads: 2,
  hidden: 128,
  normEps: 1e-6,
};

/** Random weights of a sensible size, by canonical name. */
export function randomWeights(config: VitConfig, seed = 0): Map<string, Tensor<'float32'>> {
  return new Map(
    backboneParameters(config).map(({ name, shape, module, kind }) => {
      const rng = stream(seed, 'tiny', name);
      const scale = module === 'norm' || module === 'layer_scale' ? 0.1 : kind === 'weight' ? 0.15 : 0.2;
      const base = (module === 'norm' || module === 'layer_scale') && kind === 'weight' ? 1 : 0;
      return [
        name,
        float32(
          shape,
          Float32Array.from({ length: sizeOf(shape) }, () => base + scale * rng.normal()),
        ),
      ];
    }),
  );
}

export interface TinyModelOptions {
  readonly family?: 'vit' | 'dinov2';
  /** Changes what is written, to break it. */
  readonly edit?: (tensors: Map<string, Tensor>) => void;
}

/** Writes config.json and model.safetensors. */
export async function writeTinyModel(folder: string, { family = 'vit', edit }: TinyModelOptions = {}): Promise<string> {
  const layerScale = family === 'dinov2';
  const config = { ...tinyConfig, layerScale };
  const json = {
    model_type: family,
    hidden_size: config.width,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    mlp_ratio: 4,
    hidden_act: 'gelu',
    layer_norm_eps: config.normEps,
    image_size: 32,
    patch_size: config.patchSize,
  };
  const { source } = (layerScale ? huggingFaceDinov2 : huggingFaceVit).read(json, new Map());
  const tensors = new Map<string, Tensor>(
    [...randomWeights(config)].map(([name, tensor]) => [source(name).name.replace(`${family}.`, ''), tensor]),
  );
  edit?.(tensors);
  await mkdir(folder, { recursive: true });
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' });
  await writeFile(join(folder, 'config.json'), JSON.stringify(json));
  return folder;
}

const shapes: Readonly<Record<string, (x: number, y: number, r: number, colour: string) => string>> = {
  disc: (x, y, r, c) => `<circle cx="${x}" cy="${y}" r="${r}" fill="${c}"/>`,
  square: (x, y, r, c) => `<rect x="${x - r}" y="${y - r}" width="${2 * r}" height="${2 * r}" fill="${c}"/>`,
  cross: (x, y, r, c) =>
    `<path d="M${x - r} ${y - r}L${x + r} ${y + r}M${x + r} ${y - r}L${x - r} ${y + r}" stroke="${c}" stroke-width="5"/>`,
};
export const shapeNames = Object.keys(shapes).sort();

/** Writes <folder>/<shape>/<i>.png: discs, squares and crosses of random place, size and colour, 40 x 40 pixels. */
export async function writePictures(folder: string, perClass: number): Promise<string> {
  for (const [name, draw] of Object.entries(shapes)) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const rng = stream(0, name, i);
      const colour = `rgb(${rng.below(160)},${rng.below(160)},${rng.below(160)})`;
      const body = draw(14 + rng.below(12), 14 + rng.below(12), 7 + rng.below(6), colour);
      const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40" fill="#fff"/>${body}</svg>`;
      await sharp(Buffer.from(svg))
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
  return folder;
}
