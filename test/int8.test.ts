// Training in int8 as a whole: gradients against float32, every method, runs that repeat and resume to the same bits, what
// is refused, and ids that stay what they were.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cosine, fidelity, gradientsOf, type Values } from '../scripts/lib/fidelity.ts';
import { sha256 } from '../src/base/identity.ts';
import { type Int8Weights, int8Weight } from '../src/graph/int8-products.ts';
import { stored } from '../src/graph/quantize.ts';
import { openTuned, type RunEvent, type TrainOptions, train } from '../src/index.ts';
import { configureMethods, methods } from '../src/methods/index.ts';
import type { Method } from '../src/methods/method.ts';
import { blockMatrices } from '../src/model/config.ts';
import { loadBackbone } from '../src/model/load.ts';
import { defaultModel, locateModel } from '../src/model/locate.ts';
import { requireExactInt8 } from '../src/runtime/int8.ts';
import { availableDevices, nodeRuntime } from '../src/runtime/node.ts';
import { trialId } from '../src/study/trial.ts';
import { type Tuning, trainedParameters } from '../src/train/graphs.ts';
import { openInt8Weights } from '../src/train/int8-weights.ts';
import { checkPrecision, parseRunSpec, runId } from '../src/train/spec.ts';
import { backbones, batch, noisyValues, pictures, runtime, tuningOf } from './conformance/method-network.ts';
import { writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-int8-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** In memory, by name. */
async function int8Of({ config, weights }: Tuning): Promise<Int8Weights> {
  const made = new Map(
    await Promise.all(
      blockMatrices(config).map(async ({ name }) => [name, int8Weight(await weights.read(name))] as const),
    ),
  );
  const pair = ({ values, scales }: ReturnType<typeof int8Weight>['forward']) => ({
    values: stored(values),
    scales: stored(scales),
  });
  return (name) => {
    const weight = made.get(name);
    return weight && { forward: pair(weight.forward), backward: pair(weight.backward) };
  };
}

/** Whether a method leaves a layer of the blocks as it is. */
const freezes = (method: Method): boolean => {
  const { options } = configureMethods([{ name: method.name }])[0]!;
  return !blockMatrices(backbones.vit).every((parameter) => method.trains?.(parameter, options, backbones.vit));
};
const freezing = methods.filter(freezes);

it.each(freezing.map((method) => [method.name, method] as const))(
  '%s: gradients near those of float32',
  async (_, method) => {
    const tuning = tuningOf(backbones.dinov2, method);
    const values = await noisyValues(tuning, 0.1);
    const one = { feeds: { pictures }, labels: Array.from({ length: batch }, (_, i) => i) };
    const fp32 = await gradientsOf(runtime, tuning, values, one);
    const int8 = await gradientsOf(runtime, { ...tuning, int8: await int8Of(tuning) }, values, one);
    const near = fidelity(fp32, int8, () => true);
    expect(near.cosine).toBeGreaterThan(0.99);
    expect(Math.abs(int8.loss - fp32.loss)).toBeLessThan(0.05);
    expect(int8.loss).not.toBe(fp32.loss);
    for (const [name, { data }] of int8.gradients) expect(data.every(Number.isFinite), name).toBe(true);
  },
);

describe('the embedded model', () => {
  it('has LoRA gradients in int8 that point where those of float32 do, layer by layer', async () => {
    const backbone = await loadBackbone(locateModel(defaultModel));
    const { config, preprocessing, weights } = backbone;
    const tuning: Tuning = {
      config,
      weights,
      methods: configureMethods([{ name: 'lora', options: { targets: ['q', 'k', 'v', 'proj', 'fc1', 'fc2'] } }]),
      classes: 3,
      normalization: preprocessing,
      dropPath: 0,
      labelSmoothing: 0,
      decayOn: 'matrices',
    };
    const [height, width] = config.imageSize;
    const count = 4;
    // Discs of several sizes: smooth enough to be like pictures.
    const pixels = Uint8Array.from({ length: count * height * width * 3 }, (_, i) => {
      const [x, y, k] = [
        Math.floor(i / 3) % width,
        Math.floor(i / 3 / width) % height,
        Math.floor(i / 3 / width / height),
      ];
      const inside = Math.hypot(x - width / 2, y - (k + 2) * (height / 8)) < ((k + 1) * height) / 10;
      return inside ? 40 + 60 * (i % 3) : 230;
    });
    const feeds = { pixels: { dtype: 'uint8' as const, shape: [count, height, width, 3], data: pixels } };
    const { specs } = trainedParameters(tuning);
    // A start whose gradients are not zero by LoRA's own zeros.
    const values: Values = await noisyValues(tuning, 0.001);
    expect(values.size).toBe(specs.length);
    const one = { feeds, labels: [0, 1, 2, 0] };
    const fp32 = await gradientsOf(runtime, tuning, values, one);
    const int8 = await gradientsOf(runtime, { ...tuning, int8: await openInt8Weights(backbone) }, values, one);
    const near = fidelity(fp32, int8, (name) => !name.startsWith('head'));
    // So small a model is less true than a ViT-S, whose goals are 0.995 and 0.97 (npm run int8-fidelity).
    expect(near.cosine).toBeGreaterThan(0.99);
    expect(near.worst.cosine, near.worst.name).toBeGreaterThan(0.8);
    expect(near.logits).toBeGreaterThan(0.999);
    const again = await gradientsOf(runtime, { ...tuning, int8: await openInt8Weights(backbone) }, values, one);
    expect(again).toEqual(int8); // the second time from the files that the first one left
  });
});

describe('the weights on disk', () => {
  const folders = async () => {
    const [key, ...others] = await readdir(join(process.env.VITUNE_CACHE!, 'int8'));
    expect(others).toEqual([]);
    return join(process.env.VITUNE_CACHE!, 'int8', key!);
  };

  it('are made once, one file a block, and made anew where one is damaged', async () => {
    process.env.VITUNE_CACHE = join(root, 'cache-of-weights');
    const backbone = await loadBackbone(await writeTinyModel(join(root, 'model')));
    const weights = await openInt8Weights(backbone);
    const folder = await folders();
    expect((await readdir(folder)).sort()).toEqual(['0.safetensors', '1.safetensors']);
    const first = join(folder, '0.safetensors');
    const [bytes, { mtimeMs }] = [await readFile(first), await stat(first)];
    await openInt8Weights(backbone);
    expect((await stat(first)).mtimeMs).toBe(mtimeMs);
    await writeFile(first, bytes.subarray(0, 1000));
    await openInt8Weights(backbone);
    expect(await readFile(first)).toEqual(bytes);
    expect(weights('blocks.0.attn.q.weight')!.forward.values.shape).toEqual([32, 32]);
    expect(weights('blocks.1.mlp.fc1.weight')!.forward.values.shape).toEqual([32, 128]);
    expect(weights('blocks.1.mlp.fc1.weight')!.backward.scales.shape).toEqual([32]);
    expect(weights('norm.weight')).toBeUndefined();
  });

  it('are refused in one line where they can not be kept', async () => {
    const file = join(root, 'a-file');
    await writeFile(file, '');
    process.env.VITUNE_CACHE = file;
    const backbone = await loadBackbone(join(root, 'model'));
    await expect(openInt8Weights(backbone)).rejects.toThrow(
      /precision int8: .* set VITUNE_CACHE to a folder with room/,
    );
    process.env.VITUNE_CACHE = join(root, 'cache');
  });
});

describe('a run', () => {
  let base: TrainOptions;
  let runs = 0;
  beforeAll(async () => {
    base = {
      data: await writePictures(join(root, 'shapes'), 20),
      model: await writeTinyModel(join(root, 'tiny')),
      precision: 'int8',
      epochs: 2,
      batchSize: 8,
      learningRate: 3e-3,
      threads: 1,
    };
  });
  async function finish(options: Partial<TrainOptions>) {
    const out = options.out ?? join(root, `run-${runs++}`);
    const events: RunEvent[] = [];
    for await (const event of train({ ...base, out, ...options })) events.push(event);
    const losses = events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
    return { out, events, losses, adapter: sha256(await readFile(join(out, 'adapter_model.safetensors'))) };
  }

  it('repeats to the last bit, and learns as float32 does but not the same', async () => {
    const [a, b, fp32] = [await finish({}), await finish({}), await finish({ precision: 'fp32' })];
    expect(b.adapter).toBe(a.adapter);
    expect(fp32.adapter).not.toBe(a.adapter);
    expect(cosine(a.losses, fp32.losses)).toBeGreaterThan(0.999);
    expect(a.losses.at(-1)!).toBeLessThan(a.losses[0]!);
  });

  it('ends in the same bits when it was interrupted', async () => {
    const noise = { flip: true, dropPath: 0.1, methodOptions: { dropout: 0.1 } };
    const whole = await finish(noise);
    const out = join(root, `run-${runs++}`);
    const stop = new AbortController();
    for await (const event of train({ ...base, ...noise, out, signal: stop.signal }))
      if (event.type === 'step' && event.step === 5) stop.abort();
    expect((await finish({ ...noise, out, resume: true })).adapter).toBe(whole.adapter);
  });

  it('gives the same with micro-batches, to rounding: a row has its scale from itself alone', async () => {
    const [whole, parts] = [await finish({ microBatch: 8 }), await finish({ microBatch: 3 })];
    expect(Math.abs(whole.losses[0]! - parts.losses[0]!)).toBeLessThan(1e-5);
    whole.losses.forEach((loss, i) => {
      expect(Math.abs(loss - parts.losses[i]!)).toBeLessThan(2e-2); // a rounding that falls the other way is a step of 1/127
    });
  });

  it('is evaluated in float32, then and later', async () => {
    const { out, events } = await finish({});
    const done = events.find((event) => event.type === 'done')!;
    const tuned = await openTuned(out, { threads: 1 });
    const { loss } = await tuned.evaluate(join(root, 'shapes'));
    expect(loss).toBeGreaterThan(0);
    expect(done.test!.pictures).toBe(9);
    await tuned.dispose();
  });

  it('of a method that freezes no layer is refused', async () => {
    await expect(finish({ method: 'full' })).rejects.toThrow(
      'train: --precision int8 is for frozen layers, and method full trains every layer of the blocks; leave it out',
    );
    const spec = parseRunSpec({
      data: '/d',
      model: '/m',
      methods: [{ name: 'partial' }],
      training: { precision: 'int8' },
    });
    expect(() => checkPrecision(spec, backbones.vit)).not.toThrow(); // it freezes the first blocks
  });

  it('of an unknown precision is refused', async () => {
    await expect(finish({ precision: 'int4' as 'int8' })).rejects.toThrow('precision must be one of fp32, int8');
  });
});

it('a device that can not is told', async () => {
  await expect(requireExactInt8(runtime)).resolves.toBeUndefined();
  if (!availableDevices().includes('webgpu')) return;
  await expect(requireExactInt8(nodeRuntime({ device: 'webgpu' }))).rejects.toThrow(
    '--device webgpu: --precision int8 runs on CPUs only',
  );
});

it('a device whose products are cut off at 16 bits is told', async () => {
  const saturating = {
    ...runtime,
    prepare: async () => ({
      run: async () => ({ y: { dtype: 'float32' as const, shape: [64, 64], data: new Float32Array(4096).fill(32) } }),
      dispose: async () => undefined,
    }),
  };
  await expect(requireExactInt8(saturating)).rejects.toThrow('this CPU rounds products of 8-bit numbers');
});

it('ids in float32 are what they were before there was a precision', () => {
  const run = (precision?: string) =>
    parseRunSpec({ data: '/data', model: '/model', methods: [{ name: 'lora' }], training: { precision } });
  const fingerprints = { data: 'd', model: 'm' };
  const ids = (precision?: string) => [
    runId(run(precision), fingerprints),
    trialId({ phase: 'tune', run: run(precision), threads: 1, fingerprints }),
  ];
  expect(ids()).toEqual(['a77104a5f1458ce4', '731093e5c534de05']);
  expect(ids('fp32')).toEqual(ids());
  expect(ids('int8')[0]).not.toBe(ids()[0]);
  expect(ids('int8')[1]).not.toBe(ids()[1]);
});
