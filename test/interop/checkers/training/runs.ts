// Whole fine-tuning runs of a few steps: the same weights, pictures and order, and then the same losses, weights and logits.
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { float32, type Tensor } from '../../../../src/base/tensor.ts';
import { openTensorFile } from '../../../../src/formats/tensor-file.ts';
import { adamw } from '../../../../src/graph/optim.ts';
import { pack, unpack } from '../../../../src/graph/slabs.ts';
import { type ConfiguredMethod, configureMethod, methods } from '../../../../src/methods/index.ts';
import { defineMethod } from '../../../../src/methods/method.ts';
import { backboneParameters } from '../../../../src/model/config.ts';
import type { Checkpoint, Source } from '../../../../src/model/families/family.ts';
import { timm, timmSource } from '../../../../src/model/families/timm.ts';
import { fitTensors, requireFit } from '../../../../src/model/fit.ts';
import { gatherWeights } from '../../../../src/model/load.ts';
import { sourceOf } from '../../../../src/model/tensor-source.ts';
import { nodeRuntime } from '../../../../src/runtime/node.ts';
import { createStepper } from '../../../../src/runtime/stepper.ts';
import { evaluationGraph, stepGraph, type Tuning, trainedParameters } from '../../../../src/train/graphs.ts';
import type { Case } from '../../case.ts';
import { figure, tolerances, worst } from '../../compare.ts';
import { readJson, readTensors, rowsOfTensor } from '../../tensors.ts';

interface RunFixture {
  readonly loss_float64: readonly number[];
  /** timm's names of what was trained, the head included. */
  readonly trainable?: readonly string[];
  /** Folders of a PEFT adapter before and after, where one was trained instead. */
  readonly initial_adapter?: string;
  readonly final_adapter?: string;
}

interface RunsJson {
  readonly lr_at_step: readonly number[];
  readonly runs: Readonly<Record<string, RunFixture>>;
}

const betas = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const weightDecay = 0.05;
const labelSmoothing = 0.1;

/** The method of ours that trains exactly these parameters, or a rule that lists them. */
function methodFor(trainable: readonly string[], checkpoint: Checkpoint): ConfiguredMethod {
  const { config } = checkpoint;
  const isTrained = (name: string) => trainable.includes(timmSource(name, config.width).name);
  const parameters = backboneParameters(config);
  for (const method of methods) {
    if (method.at) continue;
    const configured = configureMethod({ name: method.name });
    const trains = (p: (typeof parameters)[number]) => method.trains?.(p, configured.options, config) ?? false;
    if (parameters.every((p) => trains(p) === isTrained(p.name))) return configured;
  }
  const listed = defineMethod({
    name: 'listed',
    summary: 'the parameters of a list',
    paper: { title: '', url: '' },
    learningRate: 1e-3,
    options: {},
    start: 'pretrained',
    count: '',
    trains: ({ name }) => isTrained(name),
  });
  return { method: listed, options: {} };
}

/** What was trained, how it starts and where it ends. */
interface Tuned {
  readonly method: ConfiguredMethod;
  /** Where a parameter lies in `start` and `final`. */
  readonly source: (name: string) => Source;
  /** Left out = the checkpoint's own. */
  readonly start?: ReadonlyMap<string, Tensor>;
  readonly final: ReadonlyMap<string, Tensor>;
  readonly logits: Tensor;
}

async function backboneTuned(
  folder: string,
  name: string,
  trainable: readonly string[],
  checkpoint: Checkpoint,
): Promise<Tuned> {
  const file = await readTensors(join(folder, `${name}_final.safetensors`));
  const source = (parameter: string) => timmSource(parameter, checkpoint.config.width);
  const final = new Map([...file].map(([key, tensor]) => [key.replace('final.', ''), tensor]));
  return { method: methodFor(trainable, checkpoint), source, final, logits: file.get('logits_first4')! };
}

/** PEFT's LoRA on timm's fused qkv: one A for q, k and v, B stacked. */
async function adapterTuned(folder: string, initial: string, last: string, width: number): Promise<Tuned> {
  const config = await readJson<{ r: number; lora_alpha: number }>(join(folder, initial, 'adapter_config.json'));
  const read = async (adapter: string) =>
    new Map(
      [...(await readTensors(join(folder, adapter, 'adapter_model.safetensors')))].map(
        ([key, tensor]) => [key.replace('base_model.model.', ''), tensor] as const,
      ),
    );
  const parts = ['q', 'k', 'v'];
  return {
    method: configureMethod({
      name: 'lora',
      options: { rank: config.r, alpha: config.lora_alpha, targets: parts, joint: true },
    }),
    source(name) {
      const match = /^(blocks\.\d+\.attn)\.(?:([qkv])\.)?lora\.([AB])$/.exec(name);
      if (!match) return { name };
      const [, attn, part, factor] = match;
      const first = parts.indexOf(part ?? 'q') * width;
      return { name: `${attn}.qkv.lora_${factor}.weight`, ...(part ? { rows: [first, first + width] } : {}) };
    },
    start: await read(initial),
    final: await read(last),
    logits: (await readTensors(join(folder, 'lora_logits.safetensors'))).get('logits_first4')!,
  };
}

async function follow(folder: string, name: string, json: RunsJson, fixture: RunFixture) {
  const file = sourceOf(await openTensorFile(join(folder, 'init.safetensors')));
  const checkpoint = timm.read(await readJson(join(folder, 'config.json')), file.tensors);
  const fit = fitTensors(file, checkpoint);
  requireFit(file, 'timm', fit);
  const { config, head } = checkpoint;
  const weights = await gatherWeights(checkpoint, fit, config);
  const tuned = fixture.trainable
    ? await backboneTuned(folder, name, fixture.trainable, checkpoint)
    : await adapterTuned(folder, fixture.initial_adapter!, fixture.final_adapter!, config.width);
  const tuning: Tuning = {
    config,
    weights,
    methods: [tuned.method],
    classes: head!.outputs,
    dropPath: 0,
    labelSmoothing,
    decayOn: 'matrices',
  };
  const trained = trainedParameters(tuning);
  const startOf = async (parameter: string): Promise<Tensor<'float32'>> => {
    if (!tuned.start) return weights.read(parameter);
    const source = tuned.source(parameter);
    return rowsOfTensor(tuned.start.get(source.name)!, source) as Tensor<'float32'>;
  };
  const start = await Promise.all(trained.specs.map(async (s) => [s.name, await startOf(s.name)] as const));
  const optimizer = adamw(betas);
  const slabs = (prefix: string, arrays: readonly Float32Array[]) =>
    Object.fromEntries(trained.slabs.map((slab, i) => [prefix + slab.name, float32([slab.size], arrays[i]!)]));
  const zeros = () => trained.slabs.map((slab) => new Float32Array(slab.size));

  const data = await readTensors(join(folder, 'data.safetensors'));
  const [pictures, labels, order] = [data.get('x')!, data.get('y')!, data.get('order')!];
  const batch = order.shape[1]!;
  const runtime = nodeRuntime({ threads: 1 });
  const stepper = await createStepper({
    runtime,
    graphs: { step: stepGraph(tuning, trained, optimizer, batch).model },
    state: {
      ...slabs('param:', pack(trained.slabs, new Map(start))),
      ...Object.assign({}, ...optimizer.slots.map((slot) => slabs(`${slot}:`, zeros()))),
    },
  });
  const losses: number[] = [];
  for (const [k, learningRate] of json.lr_at_step.entries()) {
    const indices = Array.from({ length: batch }, (_, i) => Number(order.data[k * batch + i]));
    const feeds = {
      pictures: pick(pictures, indices),
      labels: pick(labels, indices),
      weights: float32([batch], new Float32Array(batch).fill(1 / batch)),
    };
    const { loss } = await stepper.step([feeds], optimizer.feed({ step: k + 1, learningRate, weightDecay }));
    losses.push(loss);
  }
  const final = unpack(
    trained.slabs,
    trained.slabs.map((slab) => stepper.state()[`param:${slab.name}`]!.data),
  );
  await stepper.dispose();

  const wanted = tuned.logits;
  const count = wanted.shape[0]!;
  const session = await runtime.prepare(evaluationGraph(tuning, trained, count));
  const { logits } = await session.run({
    pictures: pick(
      pictures,
      Array.from({ length: count }, (_, i) => i),
    ),
    ...slabs('param:', pack(trained.slabs, final)),
  });
  await session.dispose();

  const figures = [...final].flatMap(([parameter, got]) => {
    // Its true gradient is 0, so that Adam makes full steps of rounding noise.
    if (parameter.endsWith('.attn.k.bias')) return [];
    const source = tuned.source(parameter);
    const want = rowsOfTensor(tuned.final.get(source.name)!, source);
    return [figure(parameter, got.data, want.data as Float32Array, { absolute: 5e-6, relative: 0 })];
  });
  return [
    figure('loss', losses, fixture.loss_float64, tolerances.loss),
    worst('weights', figures),
    figure('logits', logits!.data as Float32Array, wanted.data as Float32Array, tolerances.forward),
  ];
}

/** Rows of a tensor by index. */
function pick(tensor: Tensor, indices: readonly number[]): Tensor {
  const row = tensor.data.length / tensor.shape[0]!;
  const data = tensor.data.slice(0, indices.length * row);
  indices.forEach((index, i) => {
    data.set(tensor.data.subarray(index * row, (index + 1) * row) as never, i * row);
  });
  return { dtype: tensor.dtype, shape: tensor.shape.with(0, indices.length), data } as Tensor;
}

export async function runCases(folder: string): Promise<readonly Case[]> {
  if (!existsSync(join(folder, 'runs.json'))) return [];
  const json = await readJson<RunsJson>(join(folder, 'runs.json'));
  return Object.entries(json.runs).map(([name, fixture]) => ({
    name: `${basename(folder)}/${name}`,
    run: () => follow(folder, name, json, fixture),
  }));
}
