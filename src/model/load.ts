// Loads a backbone from a folder with config.json and weights (safetensors, whole or in shards, or torch's), or from weights
// in their makers' own names. Weights stay in their file; only resampled positions, and what lies there in another
// arrangement, come into memory.
import { resolve } from 'node:path';
import { CheckpointError, InternalError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { bytesPerElement, sameShape, sizeOf, type Tensor } from '../base/tensor.ts';
import { openTensorFile } from '../formats/tensor-file.ts';
import type { CheckpointHead } from './checkpoint-head.ts';
import { checksum, type LyingWeight, refuseInfinite } from './checksum-file.ts';
import { backboneParameters, gridOf, type ImageSize, resized, type VitConfig } from './config.ts';
import type { Checkpoint, ConfigJson, Family, Stated, UnconfiguredFamily } from './families/family.ts';
import { families, unconfiguredFamilies } from './families/index.ts';
import { parseStated } from './families/inference.ts';
import { type Fit, type Fitted, fitTensors, readFitted, requireFit, sliceOf } from './fit.ts';
import { findModel } from './model-file.ts';
import { namedOnnxTensors } from './onnx-tensors.ts';
import { resamplePatches } from './patch-embedding.ts';
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
  readonly imageSize?: ImageSize | undefined;
  /** Side of a patch, pixels; left out = the checkpoint's own. Its weights are resampled, as timm does it. */
  readonly patchSize?: number | undefined;
  /** What a config.json beside weights without one would say; it wins over one that is there. */
  readonly stated?: Stated | undefined;
}

/** Patches of another size, on the same grid. Throws CheckpointError. */
function wantedPatches(config: VitConfig, patchSize: LoadOptions['patchSize']): VitConfig {
  if (patchSize === undefined || patchSize === config.patchSize) return config;
  if (!Number.isInteger(patchSize) || patchSize < 2 || patchSize > 64)
    throw new CheckpointError(`patch size ${patchSize}: must be a whole number from 2 to 64`);
  const [rows, columns] = gridOf(config);
  return { ...config, patchSize, imageSize: [rows * patchSize, columns * patchSize] };
}

/** A checkpoint read and fitted, but not yet required to fit. */
export interface OpenedCheckpoint {
  /** The family's name. */
  readonly family: string;
  readonly checkpoint: Checkpoint;
  readonly file: TensorSource;
  readonly fit: Fit;
  /** How pictures enter, at the checkpoint's own size or the one asked for. */
  preprocessing(config: VitConfig): Promise<Preprocessing>;
}

/** Opens a checkpoint: a folder or a weight file. Rejects with CheckpointError where it can't be read; whether it fits is in `fit`. */
export async function openCheckpoint(path: string, options: LoadOptions = {}): Promise<OpenedCheckpoint> {
  const { folder, json, weights } = await findModel(path);
  const configured = json && configuredFamily(path, json);
  if (configured) configured.read(json, new Map()); // what can't be used in a config is told before a file is opened
  const stated = { ...(configured ? {} : parseStated(json ?? {})), ...options.stated };
  const opened = await openTensorFile(await weights());
  const file = opened.graph ? namedOnnxTensors(sourceOf(opened), opened.graph) : sourceOf(opened);
  const unconfigured = configured ? undefined : unconfiguredFamily(file);
  const checkpoint = unconfigured ? unconfigured.read(stated, file.tensors) : configured!.read(json!, file.tensors);
  return {
    family: (configured ?? unconfigured)!.name,
    checkpoint,
    file,
    fit: fitTensors(file, checkpoint),
    preprocessing: (config) => readPreprocessing(folder, config, checkpoint.preprocessing),
  };
}

/** The family that a config.json names; undefined where it names no network. Throws CheckpointError for an unknown one. */
function configuredFamily(path: string, json: ConfigJson): Family | undefined {
  const family = families.find((f) => f.recognises(json));
  if (family || (json.model_type === undefined && json.architecture === undefined)) return family;
  const known = families.map((f) => f.name).join(', ');
  throw new CheckpointError(
    `model ${path}: config.json says model_type ${JSON.stringify(json.model_type ?? null)}; known are ${known}`,
  );
}

function unconfiguredFamily(file: TensorSource): UnconfiguredFamily {
  const family = unconfiguredFamilies.find((f) => f.recognises(file.tensors));
  if (family) return family;
  const some = [...file.tensors.keys()].slice(0, 3).join(', ');
  throw new CheckpointError(
    `${file.path}: has no config.json, and names (${some}, ...) that no vision transformer known by its names has; give a folder with its config.json`,
  );
}

/** Loads the backbone in `path`: a folder or a weight file. Rejects with CheckpointError, one line and the differences. */
export async function loadBackbone(path: string, options: LoadOptions = {}): Promise<Backbone> {
  const { family, checkpoint, file, fit: result, preprocessing } = await openCheckpoint(path, options);
  requireFit(file, family, result);
  const { head } = checkpoint;
  const patched = wantedPatches(checkpoint.config, options.patchSize);
  const config = options.imageSize === undefined ? patched : resized(patched, options.imageSize);

  const parameters = backboneParameters(config);
  return {
    config,
    ...(head ? { head } : {}),
    preprocessing: await preprocessing(config),
    weights: await gatherWeights(checkpoint, result, config),
    path: resolve(path),
    fingerprint: await checksum(file.files, lyingWeights(result)),
    parameterCount: parameters.reduce((n, p) => n + sizeOf(p.shape), 0),
  };
}

/** The weights that stay in their files, which are checked there. */
function lyingWeights({ fitted }: Fit): LyingWeight[] {
  return [...fitted.values()].flatMap((parameter) => {
    const slice = sliceOf(parameter);
    return slice ? [{ name: parameter.source.name, dtype: parameter.stored.dtype, slice }] : [];
  });
}

/** The weights of a checkpoint that fits, at the image and patch size of `config`. Rejects with CheckpointError. */
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
      const positions = await readFinite(parameter);
      resident.set(name, resamplePositions(positions, native.positionedPrefix, from, to, resampling));
    } else if (name === 'patch_embed.proj.weight' && native.patchSize !== config.patchSize)
      resident.set(
        name,
        // As timm does it, which for Google's files is another way than for all others.
        resamplePatches(
          await readFinite(parameter),
          config.patchSize,
          resampling === 'bilinear' ? 'bilinear' : 'bicubic_antialias',
        ),
      );
    else if (slice && slice.folder === folder)
      lying.set(name, { dtype: parameter.stored.dtype, shape: parameter.shape, data: slice });
    else resident.set(name, await readFinite(parameter));
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

/** The values of a parameter that doesn't stay in its file. Rejects with CheckpointError for NaN and infinity. */
async function readFinite(parameter: Fitted): Promise<Tensor<'float32'>> {
  const tensor = await readFitted(parameter);
  if (!tensor.data.every(Number.isFinite)) refuseInfinite(parameter.source.name);
  return tensor;
}

/** Bytes of the backbone's weights in their file. */
export function weightBytes(backbone: Backbone): number {
  return backboneParameters(backbone.config).reduce((n, { name }) => {
    const { dtype, shape } = backbone.weights.get(name);
    return n + bytesPerElement[dtype] * sizeOf(shape);
  }, 0);
}
