// Loads a backbone from a folder with config.json and weights (safetensors, whole or in shards, or torch's). Weights stay in their file; only resampled
// positions, and what lies there in another arrangement, come into memory.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CheckpointError, InternalError, messageOf } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { bytesPerElement, sameShape, sizeOf, type Tensor } from '../base/tensor.ts';
import { openTensorFile } from '../formats/tensor-file.ts';
import type { CheckpointHead } from './checkpoint-head.ts';
import { backboneParameters, gridOf, resized, type VitConfig } from './config.ts';
import type { Checkpoint, Family } from './families/family.ts';
import { families } from './families/index.ts';
import { type Fit, fitTensors, readFitted, requireFit, sliceOf } from './fit.ts';
import { resamplePositions } from './position-embedding.ts';
import { readPreprocessing } from './preprocessing-file.ts';
import { sourceOf, type TensorSource } from './tensor-source.ts';
import type { Weight, Weights } from './weights.ts';

export interface Backbone {
  readonly config: VitConfig;
  /** What the checkpoint itself makes of the feature; its parameters are among the weights. */
  readonly head?: CheckpointHead;
  readonly preprocessing: Preprocessing;
  readonly weights: Weights;
  /** Folder as given, and the SHA-256 of its weights: what a run records. */
  readonly path: string;
  readonly fingerprint: string;
  /** Scalars of the backbone, without a head. */
  readonly parameterCount: number;
}

export interface LoadOptions {
  /** Height and width, pixels; left out = the checkpoint's own. */
  readonly imageSize?: number | readonly [number, number] | undefined;
}

async function readConfig(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const found = await stat(folder).catch(() => undefined);
    if (!found)
      throw new CheckpointError(
        `model ${folder}: no such folder; give a folder with config.json and model.safetensors`,
        { cause },
      );
    throw new CheckpointError(
      `model ${folder}: has no readable config.json; give a folder with config.json and model.safetensors`,
      { cause },
    );
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch (cause) {
    throw new CheckpointError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw new CheckpointError(`${path}: must hold a JSON object`);
}

function familyOf(folder: string, config: Record<string, unknown>): Family {
  const family = families.find((f) => f.recognises(config));
  if (family) return family;
  const known = families.map((f) => f.name).join(', ');
  throw new CheckpointError(
    `model ${folder}: config.json says model_type ${JSON.stringify(config.model_type ?? null)}; known are ${known}`,
  );
}

/** Side lengths to work at. Throws CheckpointError where the patch size doesn't divide them. */
function wantedSize(config: VitConfig, imageSize: LoadOptions['imageSize']): VitConfig {
  if (imageSize === undefined) return config;
  const size = typeof imageSize === 'number' ? ([imageSize, imageSize] as const) : imageSize;
  if (sameShape(size, config.imageSize)) return config; // also where the patch size doesn't divide it
  const P = config.patchSize;
  if (size.some((side) => !Number.isInteger(side) || side < P || side % P !== 0 || side > 4096)) {
    const near = Math.max(P, Math.round(size[0] / P) * P);
    throw new CheckpointError(
      `image size ${size.join('x')}: must be a multiple of the model's patch size ${P}, at most 4096; ${near} would do`,
    );
  }
  return resized(config, size);
}

/** What transformers and timm call their weights, the most welcome first: those that a graph can map. */
const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

async function weightFile(folder: string): Promise<string> {
  for (const name of weightFiles) {
    const path = join(folder, name);
    if (await stat(path).catch(() => undefined)) return path;
  }
  throw new CheckpointError(`model ${folder}: has no model.safetensors, nor ${weightFiles.slice(1).join(', ')}`);
}

/** A checkpoint read and fitted, but not yet required to fit. */
export interface OpenedCheckpoint {
  readonly family: Family;
  readonly checkpoint: Checkpoint;
  readonly file: TensorSource;
  readonly fit: Fit;
}

/** Opens the checkpoint in `folder`. Throws CheckpointError where it can't be read; whether it fits is in `fit`. */
export async function openCheckpoint(folder: string): Promise<OpenedCheckpoint> {
  const json = await readConfig(folder);
  const family = familyOf(folder, json);
  family.read(json, new Map()); // what can't be used in a config is told before a file is opened
  const file = sourceOf(await openTensorFile(await weightFile(folder)));
  const checkpoint = family.read(json, file.tensors);
  return { family, checkpoint, file, fit: fitTensors(file, checkpoint) };
}

/** Loads the backbone in `folder`. Throws CheckpointError, one line and the differences. */
export async function loadBackbone(folder: string, options: LoadOptions = {}): Promise<Backbone> {
  const { family, checkpoint, file, fit: result } = await openCheckpoint(folder);
  requireFit(file, family.name, result);
  const { head, preprocessing } = checkpoint;
  const config = wantedSize(checkpoint.config, options.imageSize);

  const parameters = backboneParameters(config);
  return {
    config,
    ...(head ? { head } : {}),
    preprocessing: await readPreprocessing(folder, config, preprocessing),
    weights: await gatherWeights(checkpoint, result, config),
    path: resolve(folder),
    fingerprint: await hashFiles(file.files),
    parameterCount: parameters.reduce((n, p) => n + sizeOf(p.shape), 0),
  };
}

/** The weights of a checkpoint that fits, at the image size of `config`. Rejects with CheckpointError. */
export async function gatherWeights(
  { config: native, resampling }: Checkpoint,
  { fitted }: Fit,
  config: VitConfig,
): Promise<Weights> {
  const resident = new Map<string, Tensor<'float32'>>(); // what doesn't lie in the file as it is needed
  const lying = new Map<string, Weight>();
  const [from, to] = [gridOf(native), gridOf(config)];
  let folder: string | undefined; // ONNX Runtime takes one folder of files a graph
  for (const [name, parameter] of fitted) {
    const slice = sliceOf(parameter);
    folder ??= slice?.folder;
    if (name === 'pos_embed' && !sameShape(from, to)) {
      const positions = await readFitted(parameter);
      resident.set(name, resamplePositions(positions, native.positionedPrefix, from, to, resampling));
    } else if (slice && slice.folder === folder)
      lying.set(name, { dtype: parameter.stored.dtype, shape: parameter.shape, data: slice });
    else resident.set(name, await readFitted(parameter));
  }
  return {
    get(name) {
      const tensor = resident.get(name);
      const weight = tensor ? { dtype: tensor.dtype, shape: tensor.shape, data: tensor } : lying.get(name);
      if (!weight) throw new InternalError(`weights: the checkpoint has no ${name}`);
      return weight;
    },
    read: async (name) => resident.get(name) ?? (await readFitted(fitted.get(name)!)),
  };
}

/** SHA-256 of a file; of several, in the order of their names, one after the other. */
async function hashFiles(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths.toSorted())
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Bytes of the backbone's weights in their file. */
export function weightBytes(backbone: Backbone): number {
  return backboneParameters(backbone.config).reduce((n, { name }) => {
    const { dtype, shape } = backbone.weights.get(name);
    return n + bytesPerElement[dtype] * sizeOf(shape);
  }, 0);
}
