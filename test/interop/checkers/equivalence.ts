// One network in transformers' and in timm's names: both files, loaded here, give what timm computes from its own.
import { join } from 'node:path';
import type { Tensor } from '../../../src/base/tensor.ts';
import { openTensorFile } from '../../../src/formats/tensor-file.ts';
import type { VitConfig } from '../../../src/model/config.ts';
import { gridOf } from '../../../src/model/config.ts';
import type { Checkpoint } from '../../../src/model/families/family.ts';
import { timmSource } from '../../../src/model/families/timm.ts';
import { fitTensors, requireFit } from '../../../src/model/fit.ts';
import { gatherWeights, openCheckpoint } from '../../../src/model/load.ts';
import { sourceOf, type TensorSource } from '../../../src/model/tensor-source.ts';
import type { Checker } from '../case.ts';
import { tensorFigure, tolerances } from '../compare.ts';
import { forward, type Model } from '../network.ts';
import { readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

/** The checkpoint as timm has it: its pooling, and a class position that may be folded into the class token. */
function inTimm(checkpoint: Checkpoint, file: TensorSource): Checkpoint {
  const { pooling } = checkpoint.config;
  const [rows, columns] = gridOf(checkpoint.config);
  const config: VitConfig = {
    ...checkpoint.config,
    pooling: pooling === 'class_mean' ? 'class' : pooling,
    positionedPrefix: file.tensors.get('pos_embed')!.shape[1]! - rows * columns,
  };
  const outputs = file.tensors.get('head.weight')?.shape[0];
  return {
    ...checkpoint,
    config,
    head: outputs === undefined ? undefined : { kind: 'classifier', outputs },
    source: (canonical) => timmSource(canonical, config.width),
    ignores: () => false,
  };
}

const modelOf = async (file: TensorSource, checkpoint: Checkpoint): Promise<Model> => {
  const fit = fitTensors(file, checkpoint);
  requireFit(file, checkpoint.config.family, fit);
  const { config, head } = checkpoint;
  return { config, ...(head ? { head } : {}), weights: await gatherWeights(checkpoint, fit, config) };
};

export const equivalence: Checker = async (folder, root) =>
  (await subfolders(folder)).map((name) => ({
    name,
    async run() {
      const twin = join(root, 'transformers', name);
      const path = join(folder, name, 'model_timm_names.safetensors');
      const pictures = (await readTensors(join(twin, 'input.safetensors'))).get('pixel_values') as Tensor;
      const expected = await readTensors(join(folder, name, 'expected.safetensors'));
      const theirs = await openCheckpoint(twin);
      const file = sourceOf(await openTensorFile(path));
      const timm = await modelOf(file, inTimm(theirs.checkpoint, file));
      const here = await forward(timm, pictures);
      const there = await forward(await modelOf(theirs.file, theirs.checkpoint), pictures);
      const { forward: tolerance } = tolerances;
      return [
        tensorFigure('features', here.tokens, expected.get('features')!, tolerance),
        tensorFigure('pooled', here.pooled, expected.get('pooled')!, tolerance),
        tensorFigure('logits', timm.head ? here.output : here.pooled, expected.get('logits')!, tolerance),
        tensorFigure("features from transformers' names", there.tokens, expected.get('features')!, tolerance),
      ];
    },
  }));
