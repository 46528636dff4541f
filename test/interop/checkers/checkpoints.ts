// Checkpoints in other formats than safetensors, and position embeddings resampled in the four ways that are in use.
import { join } from 'node:path';
import { type Resampling, resampleGrid } from '../../../src/model/position-embedding.ts';
import { type Case, type Checker, skipped } from '../case.ts';
import { figure, tolerances } from '../compare.ts';
import { readJson, readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

const resamplings: Readonly<Record<string, Resampling>> = {
  timm_bicubic_antialias: 'bicubic_antialias',
  npz_bilinear_noantialias: 'bilinear',
  hf_bicubic_noantialias: 'bicubic',
  dinov2_scale_offset: 'bicubic_offset',
};

interface PositionsJson {
  readonly pos_embed: readonly {
    readonly id: number;
    readonly old: readonly [number, number];
    readonly new: readonly [number, number];
    readonly prefix_tokens: number;
  }[];
  readonly patch_embed_resample: readonly { readonly id: number; readonly old: number; readonly new: number }[];
}

async function positionCases(folder: string): Promise<readonly Case[]> {
  const json = await readJson<PositionsJson>(join(folder, 'index.json'));
  const tensors = await readTensors(join(folder, 'cases.safetensors'));
  const resizes = json.pos_embed.map(({ id, old, new: to, prefix_tokens: prefix }) => ({
    name: `posembed/${old.join('x')} to ${to.join('x')}, ${prefix} before`,
    run: async () =>
      Object.entries(resamplings).flatMap(([method, kind]) => {
        const want = tensors.get(`${id}.${method}`);
        if (!want) return []; // the offset rule exists for square grids only
        const { shape, data } = tensors.get(`${id}.in`)!;
        const channels = shape[2]!;
        const skip = prefix * channels; // what lies before the patches stays as it is
        const got = resampleGrid((data as Float32Array).subarray(skip), old, to, channels, kind);
        return [figure(kind, got, (want.data as Float32Array).subarray(skip), tolerances.positions)];
      }),
  }));
  return [
    ...resizes,
    ...json.patch_embed_resample.map(({ old, new: to }) =>
      skipped(`posembed/patches of ${old} to ${to}`, 'patches keep the size that they were trained with'),
    ),
  ];
}

export const checkpoints: Checker = async (folder) => {
  const cases: Case[] = [];
  for (const kind of await subfolders(folder)) {
    if (kind === 'posembed') cases.push(...(await positionCases(join(folder, kind))));
    else cases.push(skipped(kind, 'no reader of this format yet'));
  }
  return cases;
};
