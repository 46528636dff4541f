// Step 2 of pre-training: a small ViT learns to predict what the teacher sees (feature distillation, mean squared error on
// standardised class and patch features, through a linear layer that is thrown away). Every parameter is trained from
// scratch by the engine of this project. Saves after every pass and resumes to the same bits.
//
//   npx tsx pretrain/distil.ts WORK_FOLDER EPOCHS
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imagenetMean, imagenetStd } from '../src/base/preprocessing.ts';
import { shuffled, stream } from '../src/base/rng.ts';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { narrow, widen } from '../src/formats/half.ts';
import { encodeSafetensors } from '../src/formats/safetensors.ts';
import { openSafetensors } from '../src/formats/safetensors-file.ts';
import { exportGraph } from '../src/graph/export.ts';
import { gradients } from '../src/graph/grad.ts';
import { Graph } from '../src/graph/graph.ts';
import { add, mul, scale, sub } from '../src/graph/ops/elementwise.ts';
import { linear } from '../src/graph/ops/linear.ts';
import { mean } from '../src/graph/ops/reduce.ts';
import { reshape, slice } from '../src/graph/ops/shape.ts';
import { adamw } from '../src/graph/optim.ts';
import { layOut, pack, slabInputs, unpack } from '../src/graph/slabs.ts';
import { backboneParameters } from '../src/model/config.ts';
import { huggingFaceVit } from '../src/model/families/hugging-face-vit.ts';
import { network } from '../src/model/network.ts';
import { finalNorm } from '../src/model/pooling.ts';
import { encode, normalizePixels } from '../src/model/vit.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { createStepper } from '../src/runtime/stepper.ts';
import { learningRate } from '../src/train/schedule.ts';
import { randomStart, student } from './student.ts';

const [work, epochsText] = process.argv.slice(2);
if (!work || !epochsText) throw new Error('usage: distil.ts WORK_FOLDER EPOCHS');
const epochs = Number(epochsText);
const batch = 32;
const config = student;
const schedule = {
  kind: 'warmup-cosine',
  learningRate: 2e-3,
  epochs,
  warmupEpochs: 1,
  minLearningRate: 1e-5,
  warmupStart: 0,
} as const;
const weightDecay = 0.02;

// The views and, for each of the teacher's channels, its mean and deviation over all views.
const pixels: Uint8Array[] = [];
const targets: Uint16Array[] = [];
let width = 0;
for (const name of readdirSync(work)
  .filter((f) => /^views-\d+\.safetensors$/.test(f))
  .sort()) {
  const file = await openSafetensors(join(work, name));
  const [p, t] = [await file.read('pixels'), await file.read('targets')];
  const [count, tokens, channels] = t.shape as [number, number, number];
  width = channels;
  for (let i = 0; i < count; i++) {
    pixels.push((p.data as Uint8Array).subarray((i * p.data.length) / count, ((i + 1) * p.data.length) / count));
    targets.push((t.data as Uint16Array).subarray(i * tokens * channels, (i + 1) * tokens * channels));
  }
}
const halves = Float32Array.from(
  widen({ dtype: 'float16', shape: [65536], data: Uint16Array.from({ length: 65536 }, (_, i) => i) }).data,
);
const tokenCount = targets[0]!.length / width;
const statistics = [0, 1].map(() => ({ mean: new Float64Array(width), std: new Float64Array(width) }));
for (const isPatch of [0, 1]) {
  const { mean: m, std } = statistics[isPatch]!;
  let n = 0;
  for (let v = 0; v < targets.length; v += 4)
    for (let token = isPatch; token < (isPatch ? tokenCount : 1); token++, n++)
      for (let c = 0; c < width; c++) {
        const x = halves[targets[v]![token * width + c]!]!;
        m[c]! += x;
        std[c]! += x * x;
      }
  for (let c = 0; c < width; c++) {
    m[c]! /= n;
    std[c] = Math.sqrt(std[c]! / n - m[c]! * m[c]!) + 1e-6;
  }
}

// Parameters: the backbone, and the linear layers to the teacher's width.
const specs = [
  ...backboneParameters(config).map(({ name, shape }) => ({ name, shape })),
  ...['cls', 'patch'].flatMap((part) => [
    { name: `${part}_to_teacher.weight`, shape: [width, config.width] },
    { name: `${part}_to_teacher.bias`, shape: [width] },
  ]),
];
const slabs = layOut(
  specs.map((spec) => ({
    ...spec,
    decay: spec.shape.filter((d) => d > 1).length > 1 && !spec.name.endsWith('_embed'),
  })),
);
const start = randomStart(specs, 0);

const graph = new Graph();
const { inputs, views } = slabInputs(graph, slabs);
const net = network({
  graph,
  config,
  weights: {
    get: (name) => ({ dtype: 'float32', shape: views.get(name)!.shape, data: start.get(name)! }),
    read: async (name) => start.get(name)!,
  },
  batch,
  classes: 2,
  methods: [],
  trains: () => true,
  parameter: ({ name }) => views.get(name)!,
});
const input = graph.input('pixels', 'uint8', [batch, 96, 96, 3]);
const { x: tokens } = encode(net, normalizePixels(input, imagenetMean, imagenetStd));
const rows = reshape(finalNorm(net, reshape(tokens, [batch * tokenCount, config.width])), [
  batch,
  tokenCount,
  config.width,
]);
const error = (part: 'cls' | 'patch', first: number, count: number) => {
  const target = graph.input(`${part}_target`, 'float32', [batch * count, width]);
  const own = reshape(slice(rows, 1, first, first + count), [batch * count, config.width]);
  const difference = sub(
    linear(own, views.get(`${part}_to_teacher.weight`)!, views.get(`${part}_to_teacher.bias`)!),
    target,
  );
  return mean(mul(difference, difference), [0, 1], false);
};
const loss = add(error('cls', 0, 1), scale(error('patch', 1, tokenCount - 1), 0.5));
graph.output('loss', loss);
const optimizer = adamw();
const grads = gradients(loss, inputs);
const scalars = Object.fromEntries(
  optimizer.scalars.map((name) => [name, graph.input(`scalar:${name}`, 'float32', [])]),
);
slabs.forEach((slab, i) => {
  const slots = optimizer.slots.map((slot) => graph.input(`${slot}:${slab.name}`, 'float32', [slab.size]));
  const next = optimizer.update({ parameter: inputs[i]!, gradient: grads[i]!, slots, scalars, decay: slab.decay });
  graph.output(`next:param:${slab.name}`, next.parameter);
  optimizer.slots.forEach((slot, k) => {
    graph.output(`next:${slot}:${slab.name}`, next.slots[k]!);
  });
});

// State: as saved, or fresh.
const statePath = join(work, 'state.safetensors');
let state: Record<string, Tensor<'float32'>> = {};
let firstEpoch = 0;
if (existsSync(statePath)) {
  const file = await openSafetensors(statePath);
  for (const name of file.tensors.keys()) state[name] = (await file.read(name)) as Tensor<'float32'>;
  firstEpoch = Number(file.metadata.epoch);
} else {
  const packed = pack(slabs, start);
  slabs.forEach((slab, i) => {
    state[`param:${slab.name}`] = float32([slab.size], packed[i]!);
    for (const slot of optimizer.slots)
      state[`${slot}:${slab.name}`] = float32([slab.size], new Float32Array(slab.size));
  });
}
const stepper = await createStepper({ runtime: nodeRuntime(), graphs: { step: exportGraph(graph) }, state });

const stepsPerEpoch = Math.floor(pixels.length / batch);
console.log(
  `${pixels.length} views, ${stepsPerEpoch} steps an epoch, ${[...start.values()].reduce((n, t) => n + t.data.length, 0)} parameters`,
);
const bytes = new Uint8Array(batch * 96 * 96 * 3);
const cls = new Float32Array(batch * width);
const patch = new Float32Array(batch * (tokenCount - 1) * width);
for (let epoch = firstEpoch; epoch < epochs; epoch++) {
  const order = shuffled(
    pixels.map((_, i) => i),
    stream(0, 'pretrain order', epoch),
  );
  const begun = performance.now();
  let total = 0;
  for (let k = 0; k < stepsPerEpoch; k++) {
    for (let i = 0; i < batch; i++) {
      const v = order[k * batch + i]!;
      bytes.set(pixels[v]!, i * 96 * 96 * 3);
      const t = targets[v]!;
      for (let token = 0; token < tokenCount; token++) {
        const { mean: m, std } = statistics[token === 0 ? 0 : 1]!;
        const out = token === 0 ? cls : patch;
        const at = token === 0 ? i * width : (i * (tokenCount - 1) + token - 1) * width;
        for (let c = 0; c < width; c++) out[at + c] = (halves[t[token * width + c]!]! - m[c]!) / std[c]!;
      }
    }
    const step = epoch * stepsPerEpoch + k;
    const feeds = {
      pixels: { dtype: 'uint8', shape: [batch, 96, 96, 3], data: bytes } as const,
      cls_target: float32([batch, width], cls),
      patch_target: float32([batch * (tokenCount - 1), width], patch),
    };
    const lr = learningRate(schedule, { step, stepsPerEpoch });
    const result = await stepper.step([feeds], optimizer.feed({ step: step + 1, learningRate: lr, weightDecay }));
    if (!Number.isFinite(result.loss)) throw new Error(`the loss became ${result.loss} at step ${step}`);
    total += result.loss;
  }
  const seconds = (performance.now() - begun) / 1000;
  console.log(
    `epoch ${epoch + 1}/${epochs}  loss ${(total / stepsPerEpoch).toFixed(4)}  ${((stepsPerEpoch * batch) / seconds).toFixed(0)} views/s  ${((seconds * (epochs - epoch - 1)) / 60).toFixed(1)} min left`,
  );
  state = { ...stepper.state() };
  writeFileSync(`${statePath}.tmp`, encodeSafetensors(Object.entries(state), { epoch: String(epoch + 1) }));
  renameSync(`${statePath}.tmp`, statePath);
  writeModel(join(work, 'model'));
}

/** The backbone as a Hugging Face folder in half precision. */
function writeModel(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const values = unpack(
    slabs,
    slabs.map((slab) => state[`param:${slab.name}`]!.data),
  );
  const json = {
    architectures: ['ViTModel'],
    model_type: 'vit',
    hidden_size: config.width,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    intermediate_size: config.hidden,
    hidden_act: 'gelu',
    layer_norm_eps: config.normEps,
    image_size: 96,
    patch_size: config.patchSize,
    num_channels: 3,
    qkv_bias: true,
    torch_dtype: 'float16',
  };
  const { source } = huggingFaceVit.read(json, new Map());
  const tensors = backboneParameters(config).map(({ name }) => [source(name).name, narrow(values.get(name)!)] as const);
  writeFileSync(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }));
  writeFileSync(join(folder, 'config.json'), `${JSON.stringify(json, null, 2)}\n`);
  const preprocessor = {
    image_processor_type: 'ViTImageProcessor',
    do_resize: true,
    size: { shortest_edge: 96 },
    do_center_crop: true,
    crop_size: { height: 96, width: 96 },
    resample: 3,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: imagenetMean,
    image_std: imagenetStd,
  };
  writeFileSync(join(folder, 'preprocessor_config.json'), `${JSON.stringify(preprocessor, null, 2)}\n`);
}
