// What a run writes into its folder besides its state and metrics: what it is, and what its end leaves.
import { join } from 'node:path';
import type { Tensor } from '../base/tensor.ts';
import { writeSafetensors } from '../formats/safetensors-file.ts';
import type { AdapterConfig } from './adapter.ts';
import { environment } from './environment.ts';
import type { TrainedParameters } from './graphs.ts';
import type { Run } from './run-context.ts';
import type { EvaluationPictures } from './run-data.ts';
import { runFiles, writeFailure, writeJson } from './run-folder.ts';

export async function writeHeader(run: Run, trained: TrainedParameters, microBatch: number): Promise<void> {
  const { folder, id, spec, runtime, data } = run;
  await writeJson(join(folder, runFiles.environment), environment(runtime, microBatch));
  await writeJson(join(folder, runFiles.data), data.record);
  await writeJson(join(folder, runFiles.spec), {
    id,
    status: 'running',
    spec,
    trainable: trained.count,
    trainableWithoutHead: trained.countWithoutHead,
  });
}

export function adapterConfig({ spec, backbone, data, headStart }: Run): AdapterConfig {
  return {
    format: 'vitune-adapter-1',
    baseModel: { path: backbone.path, fingerprint: backbone.fingerprint },
    methods: spec.methods,
    seed: spec.training.seed,
    classes: data.classes,
    ...(headStart && { projection: headStart.projection }),
    preprocessing: backbone.preprocessing,
  };
}

/**
 * Logits (pictures, classes) and labels (pictures,) of each set of pictures, `logits` and `labels` for the first and
 * `<set>.logits` for the shifted ones; names of pictures in the metadata.
 */
export async function saveLogits(
  { folder, data }: Run,
  file: string,
  sets: ReadonlyMap<string, EvaluationPictures>,
  logits: ReadonlyMap<string, Float32Array>,
): Promise<void> {
  const path = join(folder, file);
  const prefixed = (set: string, name: string) => (set === 'test' || set === 'val' ? name : `${set}.${name}`);
  const names: [string, string][] = [];
  const tensors: [string, Tensor][] = [];
  for (const [set, values] of logits) {
    const { labels, names: pictures, count } = sets.get(set)!;
    tensors.push(
      [prefixed(set, 'logits'), { dtype: 'float32', shape: [count, data.classes.length], data: values }],
      [prefixed(set, 'labels'), { dtype: 'int32', shape: [count], data: labels }],
    );
    names.push([prefixed(set, 'names'), JSON.stringify(pictures)]);
  }
  try {
    await writeSafetensors(path, tensors, { ...Object.fromEntries(names), classes: JSON.stringify(data.classes) });
  } catch (cause) {
    throw writeFailure(path, cause);
  }
}
