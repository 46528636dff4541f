// A tuned adapter on disk: adapter_config.json says what it is, adapter_model.safetensors holds everything that was trained,
// the head included. With the backbone it names, that is the whole tuned model.
import { join } from 'node:path';
import { z } from 'zod';
import { RunError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { sameShape, showShape, type Tensor } from '../base/tensor.ts';
import { openSafetensors, writeSafetensors } from '../formats/safetensors-file.ts';
import type { ParameterSpec } from '../model/network.ts';
import { readJson, runFiles, writeFailure, writeJson } from './run-folder.ts';

const interpolations = ['nearest', 'box', 'bilinear', 'hamming', 'bicubic', 'lanczos'] as const;
const triple = z.tuple([z.number(), z.number(), z.number()]);
const schema = z.object({
  format: z.literal('vitune-adapter-1'),
  baseModel: z.object({ path: z.string(), fingerprint: z.string() }),
  methods: z.array(z.object({ name: z.string(), options: z.record(z.string(), z.any()) })).min(1),
  seed: z.number().int(),
  classes: z.array(z.string()).min(2),
  projection: z.number().int().positive().max(65536).optional(),
  preprocessing: z.object({
    imageSize: z.tuple([z.number().int(), z.number().int()]),
    resize: z.enum(['shortest', 'exact']),
    resizeTo: z.number().int(),
    cropOffset: z.enum(['half_even', 'floor']).default('half_even'),
    interpolation: z.enum(interpolations),
    mean: triple,
    std: triple,
  }),
});

export interface AdapterConfig {
  readonly format: 'vitune-adapter-1';
  /** Folder of the backbone and SHA-256 of its weights. */
  readonly baseModel: { readonly path: string; readonly fingerprint: string };
  readonly methods: readonly { readonly name: string; readonly options: Readonly<Record<string, unknown>> }[];
  /** The run's: the head's start can be drawn from it again. */
  readonly seed: number;
  readonly classes: readonly string[];
  /** Of a head that began as CLIP's zero-shot classifier: the width of the shared space. */
  readonly projection?: number | undefined;
  readonly preprocessing: Preprocessing;
}

export type NamedTensors = ReadonlyMap<string, Tensor<'float32'>>;

/** Writes all files whole. Throws RunError. */
export async function saveAdapter(
  folder: string,
  config: AdapterConfig,
  tensors: NamedTensors,
  headStart?: NamedTensors,
): Promise<void> {
  await saveTensors(join(folder, runFiles.adapter), tensors);
  if (headStart) await saveTensors(join(folder, runFiles.headStart), headStart);
  await writeJson(join(folder, runFiles.adapterConfig), config);
}

async function saveTensors(path: string, tensors: NamedTensors): Promise<void> {
  try {
    await writeSafetensors(path, [...tensors], { format: 'pt' });
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}

async function readTensors(path: string): Promise<NamedTensors> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, Tensor<'float32'>>();
  for (const name of file.tensors.keys()) tensors.set(name, (await file.read(name)) as Tensor<'float32'>);
  return tensors;
}

export interface SavedAdapter {
  readonly config: AdapterConfig;
  readonly tensors: NamedTensors;
  readonly headStart?: NamedTensors;
}

/** Throws RunError where the folder holds no finished adapter. */
export async function loadAdapter(folder: string): Promise<SavedAdapter> {
  const path = join(folder, runFiles.adapterConfig);
  const json = await readJson<unknown>(path);
  if (json === undefined)
    throw new RunError(
      `${folder}: holds no ${runFiles.adapterConfig}; give the folder of a finished run (or resume it: vitune train --resume --out ${folder})`,
    );
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new RunError(`${path}: is not an adapter of vitune`, {
      lines: parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`),
    });
  const config = parsed.data as AdapterConfig;
  const tensors = await readTensors(join(folder, runFiles.adapter));
  if (config.projection === undefined) return { config, tensors };
  return { config, tensors, headStart: await readTensors(join(folder, runFiles.headStart)) };
}

/** Throws RunError, with - missing and + extra, where the tensors aren't those that the methods train on this backbone. */
export function checkAdapter(folder: string, specs: readonly ParameterSpec[], tensors: NamedTensors): void {
  const lines = specs.flatMap(({ name, shape }) => {
    const tensor = tensors.get(name);
    const want = `- ${name} ${showShape(shape)}`;
    if (!tensor) return [want];
    return sameShape(tensor.shape, shape) ? [] : [want, `+ ${name} ${showShape(tensor.shape)}`];
  });
  const known = new Set(specs.map((spec) => spec.name));
  for (const [name, tensor] of tensors) if (!known.has(name)) lines.push(`+ ${name} ${showShape(tensor.shape)}`);
  if (lines.length > 0)
    throw new RunError(
      `${join(folder, runFiles.adapter)}: doesn't fit its backbone and methods (- wanted, + in the file)`,
      { lines },
    );
}
