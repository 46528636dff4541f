// Checkpoints in other formats than safetensors; position embeddings resampled in the four ways that are in use, and patches.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../../../src/base/errors.ts';
import type { Tensor } from '../../../src/base/tensor.ts';
import { openTensorFile } from '../../../src/formats/tensor-file.ts';
import { resamplePatches } from '../../../src/model/patch-embedding.ts';
import { type Resampling, resampleGrid } from '../../../src/model/position-embedding.ts';
import type { Case, Checker } from '../case.ts';
import { figure, tensorFigure, tolerances, worst } from '../compare.ts';
import { readJson, readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';
import { makerCases } from './makers.ts';

const resamplings: Readonly<Record<string, Resampling>> = {
  timm_bicubic_antialias: 'bicubic_antialias',
  npz_bilinear_noantialias: 'bilinear',
  hf_bicubic_noantialias: 'bicubic',
  dinov2_scale_offset: 'bicubic_offset',
};

const patchResamplings: Readonly<Record<string, Resampling>> = {
  bicubic_antialias: 'bicubic_antialias',
  bilinear_noantialias: 'bilinear',
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
  const patches = await readTensors(join(folder, 'patch_embed_cases.safetensors'));
  return [
    ...resizes,
    ...json.patch_embed_resample.map(({ id, old, new: to }) => ({
      name: `posembed/patches of ${old} to ${to}`,
      run: async () =>
        Object.entries(patchResamplings).map(([method, kind]) => {
          const got = resamplePatches(patches.get(`${id}.in`) as Tensor<'float32'>, to, kind);
          return tensorFigure(kind, got, patches.get(`${id}.${method}`)!, tolerances.patches);
        }),
    })),
  ];
}

interface PthJson {
  readonly files: Readonly<Record<string, string>>;
}

/** Which of the expected files a checkpoint's tensors are compared with: the one that names what it holds. */
async function expectedFor(folder: string, names: readonly string[]): Promise<ReadonlyMap<string, Tensor> | undefined> {
  for (const file of await readdir(folder)) {
    if (!/^expected_.*\.safetensors$/.test(file)) continue;
    const tensors = new Map(
      [...(await readTensors(join(folder, file)))].map(([name, tensor]) => [name.replace(/^sd\./, ''), tensor]),
    );
    if (names.every((name) => tensors.has(name))) return tensors;
  }
  return undefined;
}

const numbers = (tensor: Tensor): ArrayLike<number> => Array.from(tensor.data as Iterable<number | bigint>, Number);

/** torch's files: every tensor as torch reads it; files that must be refused are refused. */
async function pthCases(folder: string): Promise<readonly Case[]> {
  const json = await readJson<PthJson>(join(folder, 'index.json'));
  return Object.entries(json.files).map(([file, what]) => ({
    name: `pth/${file}`,
    async run() {
      const path = join(folder, file);
      if (what.startsWith('NEGATIVE')) {
        const refused = await openTensorFile(path).then(
          () => false,
          (error: unknown) => error instanceof CheckpointError,
        );
        return [figure('refused', [refused ? 1 : 0], [1], { absolute: 0, relative: 0 })];
      }
      const opened = await openTensorFile(path);
      const own = [...opened.tensors.keys()];
      // A wrapped network's names carry the wrapper's; of DINO's files the backbone is compared, not its training head.
      const wrapper = ['module.', 'backbone.'].find((prefix) => own.some((name) => name.startsWith(prefix))) ?? '';
      const names = own.filter((name) => name.startsWith(wrapper)).map((name) => name.slice(wrapper.length));
      const expected = await expectedFor(folder, names);
      if (!expected) return { skip: `no expected file holds ${names.slice(0, 3).join(', ')}` };
      return [
        worst(
          `${names.length} tensors`,
          await Promise.all(
            names.map(async (name) =>
              figure(name, numbers(await opened.read(wrapper + name)), numbers(expected.get(name)!), {
                absolute: 0,
                relative: 0,
              }),
            ),
          ),
        ),
      ];
    },
  }));
}

export const checkpoints: Checker = async (folder) => {
  const cases: Case[] = [];
  for (const kind of await subfolders(folder)) {
    if (kind === 'posembed') cases.push(...(await positionCases(join(folder, kind))));
    else if (kind === 'pth') cases.push(...(await pthCases(join(folder, kind))));
    else cases.push(...(await makerCases(join(folder, kind))));
  }
  return cases;
};
