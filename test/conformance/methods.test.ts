// One suite for every method there is: gradients, start, merge factor, merging, counts, dropout, learning. A new method is
// held to all of it by its line in the registry.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/base/rng.ts';
import { float32, int64, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { adamw } from '../../src/graph/optim.ts';
import { pack } from '../../src/graph/slabs.ts';
import { methodNamed, methods } from '../../src/methods/index.ts';
import type { Method } from '../../src/methods/method.ts';
import { backboneParameters, type VitConfig, vitBase } from '../../src/model/config.ts';
import { canMerge } from '../../src/model/sites.ts';
import { createStepper } from '../../src/runtime/stepper.ts';
import { stepGraph, type Tuning, trainedParameters } from '../../src/train/graphs.ts';
import { initialValues } from '../../src/train/initialize.ts';
import { mergedBackbone } from '../../src/train/merge.ts';
import { noiseFeeds } from '../../src/train/noise.ts';
import { countOf } from './count-formula.ts';
import {
  backbones,
  batch,
  classes,
  logitsOf,
  lossGraph,
  maxDifference,
  noisyValues,
  pictures,
  runtime,
  tuningOf,
  type Values,
} from './method-network.ts';

const everyBackbone = Object.entries(backbones);
const linear = methodNamed('linear');

/** Options that make a method small enough for the tiny networks. */
const smallOptions = (method: Method) => ({
  ...('bottleneck' in method.options ? { bottleneck: 4 } : {}),
  ...('rank' in method.options ? { rank: 3 } : {}),
  ...('prompts' in method.options ? { prompts: 2 } : {}),
});

/** DoRA's gradient holds ||V|| fixed (paper, section 4.3), which differences can't; its golden cases pin it. */
const heldFixed = (name: string) => /\.dora\.[AB]$/.test(name);

describe.each(methods.map((method) => [method.name, method] as const))('%s', (_name, method) => {
  it.each(everyBackbone)('has the gradients of finite differences on %s', async (_kind, config) => {
    const tuning = tuningOf(config, method, smallOptions(method));
    const values = await noisyValues(tuning, 0.1);
    const graph = await lossGraph(tuning);
    const { gradients } = await graph.run(values);
    const step = 5e-4; // small: ReLU has kinks
    for (const { name } of graph.trained.specs) {
      if (heldFixed(name)) continue;
      // One random direction a tensor, of entries near 1.
      const { shape, data } = values.get(name)!;
      const rng = stream(2, 'direction', name);
      const direction = Float32Array.from(data, () => rng.normal());
      const moved = async (by: number) =>
        (
          await graph.run(
            new Map(values).set(
              name,
              float32(
                shape,
                data.map((x, i) => x + by * direction[i]!),
              ),
            ),
          )
        ).loss;
      const slope = ((await moved(step)) - (await moved(-step))) / (2 * step);
      const own = gradients.get(name)!.data.reduce((sum, g, i) => sum + g * direction[i]!, 0);
      // The loss is a float32 near 1: a difference of two has a noise of 1e-7 / step.
      expect(Math.abs(slope - own), `${name}: ${slope} against ${own}`).toBeLessThan(2e-3 * Math.max(1, Math.abs(own)));
    }
    await graph.dispose();
  });

  it.each(everyBackbone)('starts as it says on %s', async (_kind, config) => {
    if (method.start === 'other') return;
    const tuning = tuningOf(config, method, smallOptions(method));
    const values = await initialValues(trainedParameters(tuning).specs, tuning.weights, 0);
    const difference = maxDifference(await logitsOf(tuning, values), await plainLogits(config, values));
    expect(difference).toBeLessThan(method.start === 'pretrained' ? 1e-6 : 0.1);
    if (method.start === 'near') expect(difference).toBeGreaterThan(1e-6);
  });

  it.each(everyBackbone)('goes from the pre-trained network to the tuned one on %s', async (_kind, config) => {
    const tuning = tuningOf(config, method, smallOptions(method));
    const values = await noisyValues(tuning, 0.2);
    const tuned = await logitsOf(tuning, values);
    expect(maxDifference(await logitsOf(tuning, values, 1), tuned)).toBeLessThan(1e-5);
    const start = await logitsOf(tuning, await untunedBackbone(tuning, values), 0);
    expect(maxDifference(start, await plainLogits(config, values))).toBeLessThan(1e-5);
    if (method.at) expect(maxDifference(start, tuned)).toBeGreaterThan(1e-3);
  });

  it.each(everyBackbone)('merges into plain weights, or says that it can not, on %s', async (_kind, config) => {
    const tuning = tuningOf(config, method, smallOptions(method));
    const trained = trainedParameters(tuning);
    const values = await noisyValues(tuning, 0.2);
    const merging = mergedBackbone(runtime, tuning, trained, values);
    if (tuning.methods.some(({ method: m, options }) => m.at && !canMerge(m.at(options, config)))) {
      await expect(merging).rejects.toThrow(`method ${method.name}: can't be merged into plain weights`);
      return;
    }
    const merged = await merging;
    const plain: Tuning = { ...tuningOf(merged.config, linear), weights: merged.weights };
    expect(maxDifference(await logitsOf(plain, values), await logitsOf(tuning, values))).toBeLessThan(1e-5);
  });

  it('learns a few pictures by heart', async () => {
    const tuning = tuningOf(backbones.dinov2, method, smallOptions(method));
    expect(await memorises(tuning)).toBe(true);
  });

  it('draws noise in training only, at the rates it was asked for', async () => {
    const rates = {
      ...('dropout' in method.options ? { dropout: 0.25 } : {}),
      ...('dropPath' in method.options ? { dropPath: 0.25 } : {}),
    };
    const tuning = { ...tuningOf(backbones.vit, method, { ...smallOptions(method), ...rates }), dropPath: 0.5 };
    const { noise, dispose } = await lossGraph(tuning);
    await dispose();
    const own = noise.filter(({ name }) => !/^blocks\.\d+\.(attn|mlp)\.drop_path$/.test(name));
    expect(own.length > 0).toBe(Object.keys(rates).length > 0);
    expect(new Set(own.map(({ rate }) => rate))).toEqual(new Set(own.length > 0 ? [0.25] : []));
    // Depth 2: nothing in the first block, the full rate in the second, on both branches.
    expect(noise.filter((spec) => !own.includes(spec)).map(({ rate }) => rate)).toEqual([0.5, 0.5]);
  });

  it('trains as many numbers as its formula says', () => {
    const tuning = tuningOf(vitBase, method, {}, shapesOnly(vitBase));
    const all = backboneParameters(vitBase).reduce((n, { shape }) => n + sizeOf(shape), 0);
    const options = tuning.methods[0]!.options;
    expect(trainedParameters(tuning).countWithoutHead).toBe(countOf(method.count, vitBase, options, all));
  });
});

describe('the published counts', () => {
  const rows = JSON.parse(readFileSync(new URL('../fixtures/published-counts.json', import.meta.url), 'utf8')) as {
    backbone: 'vit' | 'clip';
    method: string;
    options: Record<string, number>;
    parameters: number;
  }[];

  it.each(rows)('$method $options on $backbone: $parameters', ({ backbone, method: name, options, parameters }) => {
    const method = methodNamed(name);
    const config = backbone === 'clip' ? clipBase : vitBase;
    const variant = 'variant' in method.options ? { variant: 'study' } : {};
    const tuning = tuningOf(config, method, { ...options, ...variant }, shapesOnly(config));
    expect(trainedParameters(tuning).countWithoutHead).toBe(parameters);
  });
});

it('dropout keeps the mean: 0 at its rate, 1 / (1 - rate) elsewhere', () => {
  const [rate, count] = [0.3, 64];
  const feeds = noiseFeeds([{ name: 'x', shape: [count, 500], rate }], {
    seed: 0,
    step: 0,
    first: 0,
    count,
    microBatch: count,
  });
  const { data } = feeds['noise:x']!;
  expect(new Set(data)).toEqual(new Set([0, Math.fround(1 / (1 - rate))]));
  const n = data.length;
  const mean = data.reduce((sum, x) => sum + x, 0) / n;
  // Variance of one factor is rate / (1 - rate): four standard errors of the mean.
  expect(Math.abs(mean - 1)).toBeLessThan(4 * Math.sqrt(rate / (1 - rate) / n));
});

const clipBase: VitConfig = { ...backbones.clip, ...vitBase, preNorm: true, patchBias: false };

/** Weights that are never read. */
function shapesOnly(config: VitConfig): Tuning['weights'] {
  const shapes = new Map(backboneParameters(config).map(({ name, shape }) => [name, shape]));
  const data = { folder: '/', file: 'none', offset: 0, byteLength: 0 };
  return {
    get: (name) => ({ dtype: 'float32', shape: shapes.get(name)!, data }),
    read: () => Promise.reject(new Error('read')),
  };
}

/** The pre-trained network under the same head (of one that reads more features, as VQT's, its first columns). */
async function plainLogits(config: VitConfig, values: Values): Promise<Float32Array> {
  const plain = tuningOf(config, linear);
  const cut: Values = new Map();
  for (const { name, shape } of trainedParameters(plain).specs) {
    const { shape: own, data } = values.get(name)!;
    const [columns, wide] = [shape.at(-1)!, own.at(-1)!];
    cut.set(name, float32(shape, columns === wide ? data : data.filter((_, i) => i % wide < columns)));
  }
  return logitsOf(plain, cut);
}

/** The values at merge factor 0: tuned backbone weights back to the pre-trained ones. */
async function untunedBackbone(tuning: Tuning, values: Values): Promise<Values> {
  const out = new Map(values);
  for (const { name, role } of trainedParameters(tuning).specs)
    if (role === 'backbone') out.set(name, await tuning.weights.read(name));
  return out;
}

/** Whether up to 200 steps reach 100 % on pictures of random dots. */
async function memorises(tuning: Tuning): Promise<boolean> {
  const trained = trainedParameters(tuning);
  const optimizer = adamw();
  const { model, noise } = stepGraph(tuning, trained, optimizer, batch);
  const values = await initialValues(trained.specs, tuning.weights, 0);
  const arrays = pack(trained.slabs, values);
  const state: Record<string, Tensor<'float32'>> = {};
  trained.slabs.forEach((slab, i) => {
    state[`param:${slab.name}`] = float32([slab.size], arrays[i]!);
    for (const slot of optimizer.slots)
      state[`${slot}:${slab.name}`] = float32([slab.size], new Float32Array(slab.size));
  });
  const stepper = await createStepper({ runtime, graphs: { step: model }, state });
  const sets = Array.from({ length: 4 }, (_, k) => {
    const rng = stream(4, 'set', k);
    return {
      pictures: float32(
        pictures.shape,
        pictures.data.map(() => rng.normal()),
      ),
      labels: [rng.below(classes), rng.below(classes)],
    };
  });
  let done = false;
  for (let step = 0; step < 200 && !done; step++) {
    let right = 0;
    for (const [k, set] of sets.entries()) {
      const { parts } = await stepper.step(
        [
          {
            pictures: set.pictures,
            labels: int64([batch], set.labels),
            weights: float32([batch], [0.5, 0.5]),
            ...noiseFeeds(noise, { seed: 0, step: 4 * step + k, first: 0, count: batch, microBatch: batch }),
          },
        ],
        optimizer.feed({ step: 4 * step + k + 1, learningRate: 5e-3, weightDecay: 0 }),
      );
      const logits = parts[0]!.logits!.data as Float32Array;
      set.labels.forEach((label, i) => {
        const row = [...logits.subarray(i * classes, (i + 1) * classes)];
        if (row.indexOf(Math.max(...row)) === label) right++;
      });
    }
    done = right === sets.length * batch;
  }
  await stepper.dispose();
  return done;
}
