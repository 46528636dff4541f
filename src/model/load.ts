// Loads a backbone from a folder with config.json and model.safetensors. Strict: any tensor that is missing, extra or of
// another shape is an error that lists them all. Weights stay in their file; only resampled positions come into memory.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CheckpointError, messageOf } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { bytesPerElement, float32, type Shape, sameShape, showShape, sizeOf, type Tensor } from '../base/tensor.ts';
import { widen } from '../formats/half.ts';
import { openSafetensors, type SafetensorsFile } from '../formats/safetensors-file.ts';
import { backboneParameters, gridOf, resized, type VitConfig } from './config.ts';
import type { Family, Source } from './families/family.ts';
import { families } from './families/index.ts';
import { resamplePositions } from './position-embedding.ts';
import { readPreprocessing } from './preprocessing-file.ts';
import type { Weight, Weights } from './weights.ts';

export interface Backbone {
  readonly config: VitConfig;
  readonly preprocessing: Preprocessing;
  readonly weights: Weights;
  /** Folder as given, and the SHA-256 of its weight file: what a run records. */
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
  const P = config.patchSize;
  if (size.some((side) => !Number.isInteger(side) || side < P || side % P !== 0 || side > 4096)) {
    const near = Math.max(P, Math.round(size[0] / P) * P);
    throw new CheckpointError(
      `image size ${size.join('x')}: must be a multiple of the model's patch size ${P}, at most 4096; ${near} would do`,
    );
  }
  return resized(config, size);
}

interface Located {
  readonly weights: Map<string, { readonly source: Source; readonly weight: Weight; readonly tensorName: string }>;
}

/** Finds every parameter in the file, or throws a CheckpointError that lists what is missing (-), extra (+) and misshapen. */
function locate(file: SafetensorsFile, family: Family, native: VitConfig): Located {
  const names = [...file.tensors.keys()];
  const wanted = backboneParameters(native);
  const prefix = family.prefixes.find((p) => names.some((name) => name === p + family.source('cls_token').name)) ?? '';
  const weights: Located['weights'] = new Map();
  const missing: string[] = [];
  const misshapen: string[] = [];
  const used = new Set<string>();
  for (const { name, shape } of wanted) {
    const source = family.source(name);
    const tensorName = prefix + source.name;
    const tensor = file.tensors.get(tensorName);
    if (!tensor) {
      missing.push(`- ${tensorName} ${showShape(shape)}`);
      continue;
    }
    used.add(tensorName);
    const part = partOf(tensor, source);
    if (!sameShape(part.shape, shape)) {
      misshapen.push(`- ${tensorName} ${showShape(shape)}`, `+ ${tensorName} ${showShape(tensor.shape)}`);
      continue;
    }
    const slice = {
      folder: dirname(file.path),
      file: basename(file.path),
      offset: part.offset,
      byteLength: part.byteLength,
    };
    weights.set(name, { source, tensorName, weight: { dtype: tensor.dtype, shape, data: slice } });
  }
  const extra = names
    .filter((name) => !used.has(name) && !family.ignores(name.startsWith(prefix) ? name.slice(prefix.length) : name))
    .filter((name) => !family.ignores(name))
    .map((name) => `+ ${name} ${showShape(file.tensors.get(name)!.shape)}`);
  if (missing.length + misshapen.length + extra.length > 0) {
    const counts = [
      missing.length && `${missing.length} missing`,
      extra.length && `${extra.length} extra`,
      misshapen.length && `${misshapen.length / 2} of another shape`,
    ].filter(Boolean);
    throw new CheckpointError(
      `${file.path}: doesn't fit its config.json (${family.name}): ${counts.join(', ')} (- wanted, + in the file)`,
      { lines: [...missing, ...misshapen, ...extra] },
    );
  }
  return { weights };
}

function partOf(tensor: { shape: Shape; offset: number; byteLength: number }, source: Source) {
  if (!source.rows) return tensor;
  const [start, end] = source.rows;
  const rowBytes = tensor.byteLength / tensor.shape[0]!;
  return {
    shape: tensor.shape.with(0, end - start),
    offset: tensor.offset + start * rowBytes,
    byteLength: (end - start) * rowBytes,
  };
}

/** Loads the backbone in `folder`. Throws CheckpointError, one line and the differences. */
export async function loadBackbone(folder: string, options: LoadOptions = {}): Promise<Backbone> {
  const json = await readConfig(folder);
  const family = familyOf(folder, json);
  const native = family.read(json);
  const config = wantedSize(native, options.imageSize);
  const path = join(folder, 'model.safetensors');
  const real = await realpath(path).catch((cause: unknown) => {
    throw new CheckpointError(`model ${folder}: has no model.safetensors`, { cause });
  });
  const file = await openSafetensors(real);
  const { weights: located } = locate(file, family, native);

  const read = async (name: string): Promise<Tensor<'float32'>> => {
    const { weight, tensorName, source } = located.get(name)!;
    const whole = widen(await file.read(tensorName));
    if (!source.rows) return { ...whole, shape: weight.shape };
    const row = sizeOf(whole.shape) / whole.shape[0]!;
    return float32(weight.shape, whole.data.slice(source.rows[0] * row, source.rows[1] * row));
  };

  const resampled = new Map<string, Tensor<'float32'>>();
  if (!sameShape(native.imageSize, config.imageSize)) {
    const positions = await read('pos_embed');
    resampled.set('pos_embed', resamplePositions(positions, gridOf(native), gridOf(config), family.resampling));
  }

  const parameters = backboneParameters(config);
  return {
    config,
    preprocessing: await readPreprocessing(folder, config, native, family.preprocessing),
    weights: {
      get(name) {
        const tensor = resampled.get(name);
        return tensor ? { dtype: 'float32', shape: tensor.shape, data: tensor } : located.get(name)!.weight;
      },
      read: async (name) => resampled.get(name) ?? read(name),
    },
    path: resolve(folder),
    fingerprint: await hashFile(real),
    parameterCount: parameters.reduce((n, p) => n + sizeOf(p.shape), 0),
  };
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
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
