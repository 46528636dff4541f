// Features of all training and validation pictures under the frozen backbone, computed once and kept beside the advice: what a
// linear head reads, and how long the backbone takes for a picture.
import { join } from 'node:path';
import { float32 } from '../base/tensor.ts';
import { openSafetensors, writeSafetensors } from '../formats/safetensors-file.ts';
import type { Backbone } from '../model/load.ts';
import type { Runtime } from '../runtime/session.ts';
import { evaluationAtOnce } from '../train/at-once.ts';
import { createEvaluator, type Pictures } from '../train/evaluator.ts';
import { backboneFeatureGraph } from '../train/graphs.ts';
import { writeFailure } from '../train/run-folder.ts';

/** (pictures, width), row-major, with the class of each. */
export interface Features {
  readonly values: Float32Array;
  readonly width: number;
  readonly labels: Int32Array;
}

/** Pictures between two words on how far it is, and between two looks at the signal. */
const part = 64;

export const featuresFile = 'features.safetensors';

interface Labelled extends Pictures {
  readonly labels: Int32Array;
}

export interface ExtractedFeatures {
  readonly train: Features;
  readonly val: Features;
  /** Seconds a picture took, forward only. */
  readonly secondsPerPicture: number;
}

/** Tells how far it is; undefined = the signal came first. Throws RunError where the disk takes no more. */
export async function* extractFeatures(args: {
  readonly runtime: Runtime;
  readonly backbone: Backbone;
  readonly train: Labelled;
  readonly val: Labelled;
  readonly folder: string;
  readonly signal: AbortSignal | undefined;
}): AsyncGenerator<{ readonly done: number; readonly total: number }, ExtractedFeatures | undefined, void> {
  const { runtime, backbone, train, val, folder, signal } = args;
  const batch = Math.min(part, evaluationAtOnce(backbone.config, runtime.options.device));
  const model = backboneFeatureGraph(backbone, batch);
  const width = model.outputs.get('features')!.shape[1]!;
  const total = train.count + val.count;
  const evaluator = await createEvaluator(runtime, model);
  const rows = { train: new Float32Array(train.count * width), val: new Float32Array(val.count * width) };
  let done = 0;
  let seconds = 0;
  try {
    for (const [name, pictures] of Object.entries({ train, val }) as ['train' | 'val', Labelled][])
      for (let start = 0; start < pictures.count; start += part) {
        if (signal?.aborted) return undefined;
        yield { done, total };
        const count = Math.min(part, pictures.count - start);
        const begun = performance.now();
        const copy: Pictures['copy'] = (i, out, offset) => pictures.copy(start + i, out, offset);
        rows[name].set(await evaluator.rows({ count, copy }, {}), start * width);
        seconds += (performance.now() - begun) / 1000;
        done += count;
      }
  } finally {
    await evaluator.dispose();
  }
  yield { done, total };
  const path = join(folder, featuresFile);
  const secondsPerPicture = seconds / total;
  await writeSafetensors(
    path,
    [
      ['train', float32([train.count, width], rows.train)],
      ['val', float32([val.count, width], rows.val)],
    ],
    { secondsPerPicture: String(secondsPerPicture) },
  ).catch((cause: unknown) => {
    throw writeFailure(path, cause);
  });
  return {
    train: { values: rows.train, width, labels: train.labels },
    val: { values: rows.val, width, labels: val.labels },
    secondsPerPicture,
  };
}

/** The features of an earlier sitting. Throws CheckpointError for a file that is none. */
export async function readFeatures(
  folder: string,
  labels: { readonly train: Int32Array; readonly val: Int32Array },
): Promise<ExtractedFeatures> {
  const file = await openSafetensors(join(folder, featuresFile));
  const read = async (name: 'train' | 'val'): Promise<Features> => {
    const { shape, data } = await file.read(name);
    return { values: data as Float32Array, width: shape[1]!, labels: labels[name] };
  };
  return {
    train: await read('train'),
    val: await read('val'),
    secondsPerPicture: Number(file.metadata.secondsPerPicture),
  };
}
