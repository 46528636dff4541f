// Checkpoints without a config.json in their makers' own names: Google's .npz, and the .pth files of MAE, DeiT, DINOv2 and
// CLIP. What can't be told from the shapes of such small networks is stated.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Tensor } from '../../../src/base/tensor.ts';
import { widen } from '../../../src/formats/half.ts';
import { openTensorFile } from '../../../src/formats/tensor-file.ts';
import type { Stated } from '../../../src/model/families/family.ts';
import { loadBackbone } from '../../../src/model/load.ts';
import type { Case, Figure, Outcome } from '../case.ts';
import { figure, tensorFigure, tolerances, worst } from '../compare.ts';
import { forward } from '../network.ts';
import { readJson, readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

interface MetaJson {
  readonly timm_VisionTransformer_kwargs?: { readonly patch_size: number };
  readonly timm_kwargs?: { readonly num_heads: number };
  readonly missing_in_checkpoint?: readonly string[];
}

/** The model's outputs by the names that timm and the makers' own code give them. */
function outputsOf(outputs: Record<string, Tensor>, blocks: number, unnormed: boolean): ReadonlyMap<string, Tensor> {
  const { tokens, pooled, output } = outputs;
  const named: readonly (readonly [string, Tensor | undefined])[] = [
    ['features', unnormed ? outputs[`block.${blocks - 1}`] : tokens],
    ['pooled', unnormed ? undefined : pooled],
    ['logits', unnormed ? undefined : (output ?? pooled)],
    ['image_embeds', output],
  ];
  return new Map(named.flatMap(([name, tensor]) => (tensor ? [[name, tensor] as const] : [])));
}

export async function makerCases(folder: string): Promise<readonly Case[]> {
  return (await subfolders(folder)).map((name) => {
    const path = join(folder, name);
    const network = existsSync(join(path, 'input.safetensors'));
    return { name: `${basename(folder)}/${name}`, run: () => (network ? check(path) : checkTypes(path)) };
  });
}

async function check(path: string): Promise<Outcome> {
  const meta = await readJson<MetaJson>(join(path, 'meta.json'));
  const pictures = (await readTensors(join(path, 'input.safetensors'))).get('x')!;
  const expected = await readTensors(join(path, 'expected.safetensors'));
  const npz = join(path, 'model.npz');
  const file = existsSync(npz) ? npz : join(path, 'model.pth');
  const stated: Stated = meta.timm_kwargs ? { num_heads: meta.timm_kwargs.num_heads } : {};
  const imageSize = [pictures.shape[2]!, pictures.shape[3]!] as const;
  const patchSize = meta.timm_VisionTransformer_kwargs?.patch_size;
  const model = await loadBackbone(file, { imageSize, patchSize, stated });
  // timm's network has a norm there that the file has not, and starts it anew: its features come before any norm.
  const unnormed = (meta.missing_in_checkpoint ?? []).some((missing) => missing.startsWith('fc_norm.'));
  const outputs = outputsOf(await forward(model, pictures), model.config.depth, unnormed);
  const figures: Figure[] = [];
  // Where the makers' own code resamples in its own way, that is the way; timm's numbers belong to another.
  const maker = [...expected.keys()].filter((key) => /^official\.(?:features|image_embeds)$/.test(key));
  const resampled = expected.has('official.features');
  for (const [key, want] of expected) {
    const bare = key.replace(/^(?:timm|official)\./, '');
    if (!outputs.has(bare) || (resampled && !maker.includes(key))) continue;
    figures.push(tensorFigure(key, outputs.get(bare), want, tolerances.forward));
  }
  return figures;
}

type TypesJson = Readonly<Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>>;

/** A file of tensors of all types, which is no network: every number as NumPy reads it. */
async function checkTypes(path: string): Promise<readonly Figure[]> {
  const wanted = Object.entries(await readJson<TypesJson>(join(path, 'meta.json')));
  const file = await openTensorFile(join(path, 'model.npz'));
  const exact = { absolute: 0, relative: 0 };
  const values = await Promise.all(
    wanted.map(async ([name, { shape, values }]) => {
      const tensor = await file.read(name);
      const floats = tensor.dtype === 'float16' || tensor.dtype === 'bfloat16' ? widen(tensor) : tensor;
      const got = [...tensor.shape, ...Array.from(floats.data as Iterable<number | bigint>, Number)];
      return figure(name, got, [...shape, ...values], exact);
    }),
  );
  return [figure('tensors', [file.tensors.size], [wanted.length], exact), worst('shapes and numbers', values)];
}
