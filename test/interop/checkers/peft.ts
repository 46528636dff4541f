// Adapters of Hugging Face PEFT on the base in their folder: as a choice of vitune's methods where one is the same, and merged
// into plain weights. Types that aren't supported are refused by name.
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CheckpointError } from '../../../src/base/errors.ts';
import { float32, type Tensor } from '../../../src/base/tensor.ts';
import { peftTypes } from '../../../src/exchange/peft/adapter-config.ts';
import { expressPeft } from '../../../src/exchange/peft/express.ts';
import { mergedPeft } from '../../../src/exchange/peft/merge.ts';
import { type PeftAdapter, readPeftAdapter } from '../../../src/exchange/peft/read.ts';
import { pack } from '../../../src/graph/slabs.ts';
import { configureMethods } from '../../../src/methods/index.ts';
import { type Backbone, loadBackbone } from '../../../src/model/load.ts';
import { nodeRuntime } from '../../../src/runtime/node.ts';
import { checkAdapter } from '../../../src/train/adapter.ts';
import { evaluationGraph, type Tuning, trainedParameters } from '../../../src/train/graphs.ts';
import type { Checker, Outcome } from '../case.ts';
import { tensorFigure, tolerances } from '../compare.ts';
import { forward } from '../network.ts';
import { readJson, readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

const runtime = nodeRuntime({ threads: 1 });

/** Logits of the adapter beside the frozen layers, or why no method of vitune's is the same. */
async function applied(adapter: PeftAdapter, backbone: Backbone, pictures: Tensor): Promise<Tensor | string> {
  try {
    const { methods, tensors } = expressPeft(adapter, backbone.config);
    const tuning: Tuning = {
      config: backbone.config,
      weights: backbone.weights,
      methods: configureMethods(methods),
      classes: tensors.get('head.bias')!.data.length,
      dropPath: 0,
      labelSmoothing: 0,
      decayOn: 'all',
    };
    const trained = trainedParameters(tuning);
    checkAdapter(adapter.folder, trained.specs, tensors);
    const session = await runtime.prepare(evaluationGraph(tuning, trained, pictures.shape[0]!));
    const arrays = pack(trained.slabs, tensors);
    const slabs = trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)] as const);
    const { logits } = await session.run({ pictures, ...Object.fromEntries(slabs) });
    await session.dispose();
    return logits!;
  } catch (error) {
    if (error instanceof CheckpointError) return error.message;
    throw error;
  }
}

async function baseOf(folder: string): Promise<string> {
  for (const path of [join(folder, 'base_vit'), join(folder, 'base_timm'), join(dirname(folder), 'peft', 'base_vit')])
    if (await stat(path).catch(() => undefined)) return path;
  throw new Error(`no base beside ${folder}`);
}

async function compare(path: string, base: string): Promise<Outcome> {
  const { peft_type: type } = await readJson<{ peft_type: string }>(join(path, 'adapter_config.json'));
  const backbone = await loadBackbone(base);
  const reading = readPeftAdapter(path, backbone.config);
  if (!peftTypes.some((known) => known === type)) {
    const refusal = await reading.then(
      () => 'was read',
      (error: Error) => error.message,
    );
    if (!refusal.includes(type)) throw new Error(`PEFT's ${type} ${refusal}`);
    return { skip: `${type} is refused by name` };
  }
  let adapter: PeftAdapter;
  try {
    adapter = await reading;
  } catch (error) {
    if (error instanceof CheckpointError && error.message.includes('PEFT changes the base weights'))
      return { skip: error.message.slice(path.length + 1) };
    throw error;
  }
  const input = await readTensors(join(base, 'input.safetensors'));
  const pictures = (input.get('pixel_values') ?? input.get('x'))!;
  const expected = await readTensors(join(path, 'expected.safetensors'));
  const disk = expected.get('logits_reloaded_from_disk');
  const { output } = await forward(await mergedPeft(adapter, backbone), pictures);
  const beside = await applied(adapter, backbone, pictures);
  const { forward: tolerance } = tolerances;
  return [
    tensorFigure('merged', output, disk ?? expected.get('logits_merged')!, tolerance),
    ...(typeof beside === 'string'
      ? []
      : [tensorFigure('applied', beside, disk ?? expected.get('logits_adapter')!, tolerance)]),
  ];
}

export const peft: Checker = async (folder) => {
  const base = await baseOf(folder);
  const names = (await subfolders(folder)).filter((name) => !name.startsWith('base_'));
  return names.map((name) => ({ name, run: () => compare(join(folder, name), base) }));
};
