// Finished runs without the training: the folder that a run leaves, its trained parameters drawn with a visible effect.
import { join } from 'node:path';
import { stream } from '../../src/base/rng.ts';
import { float32 } from '../../src/base/tensor.ts';
import { configureMethods } from '../../src/methods/index.ts';
import { loadBackbone } from '../../src/model/load.ts';
import { saveAdapter } from '../../src/train/adapter.ts';
import { type Tuning, trainedParameters } from '../../src/train/graphs.ts';
import { initialValues } from '../../src/train/initialize.ts';
import { runFiles, takeRunFolder, writeJson } from '../../src/train/run-folder.ts';
import { parseRunSpec } from '../../src/train/spec.ts';

export interface RunParts {
  readonly model: string;
  readonly data: string;
  readonly classes: readonly string[];
  readonly methods: readonly { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }[];
}

/** Writes the run into `folder`. */
export async function writeRun(folder: string, { model, data, classes, methods }: RunParts): Promise<string> {
  const spec = parseRunSpec({ model, data, methods });
  const backbone = await loadBackbone(model);
  const tuning: Tuning = {
    config: backbone.config,
    weights: backbone.weights,
    methods: configureMethods(methods),
    classes: classes.length,
    normalization: backbone.preprocessing,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'all',
    headInit: { kind: 'normal', std: 0.5 },
  };
  const { specs, count } = trainedParameters(tuning);
  const values = await initialValues(specs, tuning.weights, 0);
  for (const { name, role } of specs) {
    const rng = stream(1, 'drawn', name);
    const { shape, data: start } = values.get(name)!;
    const std = role === 'backbone' ? 0.05 : 0.2;
    values.set(
      name,
      float32(
        shape,
        start.map((x) => x + std * rng.normal()),
      ),
    );
  }
  await (await takeRunFolder(folder)).release();
  await saveAdapter(
    folder,
    {
      format: 'vitune-adapter-1',
      baseModel: { path: backbone.path, fingerprint: backbone.fingerprint },
      methods: spec.methods,
      seed: 0,
      classes,
      preprocessing: backbone.preprocessing,
    },
    values,
  );
  await writeJson(join(folder, runFiles.spec), { id: 'drawn', status: 'done', spec, trainable: count });
  return folder;
}
