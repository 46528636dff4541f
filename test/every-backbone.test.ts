// Every method on every kind of backbone: it has logits and gradients there, or refuses with a reason.
import { describe, expect, it } from 'vitest';
import { stream } from '../src/base/rng.ts';
import { float32, sizeOf, type Tensor } from '../src/base/tensor.ts';
import { pack } from '../src/graph/slabs.ts';
import { configureMethod, methods } from '../src/methods/index.ts';
import type { VitConfig } from '../src/model/config.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { accumulateGraph, type Tuning, trainedParameters } from '../src/train/graphs.ts';
import { randomWeights, tinyConfig } from './support/tiny.ts';

const small: VitConfig = { ...tinyConfig, imageSize: [16, 24], width: 16, hidden: 64, depth: 1 };
const backbones: Readonly<Record<string, VitConfig>> = {
  'registers, class_mean pooling': { ...small, registers: 3, layerScale: true, pooling: 'class_mean' },
  'no class token, attention pooling': {
    ...small,
    classToken: false,
    positionedPrefix: 0,
    pooling: 'attention',
    activation: 'gelu_tanh',
  },
  'mean pooling, pooled norm, no qkv bias': { ...small, pooling: 'mean', finalNorm: 'pooled', qkvBias: false },
  'no class token, registers, maximum': {
    ...small,
    classToken: false,
    registers: 2,
    positionedPrefix: 0,
    pooling: 'mean_max',
    finalNorm: 'none',
  },
  'rotary positions, no bias on the keys': {
    ...small,
    registers: 2,
    positionedPrefix: 0,
    ropeTheta: 100,
    keyBias: false,
  },
  'distillation token, gated MLP, q and k norms': {
    ...small,
    distillationToken: true,
    positionedPrefix: 2,
    pooling: 'class_distilled',
    mlp: 'gated',
    hidden: 24,
    activation: 'silu',
    qkNorm: true,
  },
};

const runtime = nodeRuntime({ threads: 1 });
const random = (shape: readonly number[], name: string) => {
  const rng = stream(0, 'every-backbone', name);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.1 * rng.normal()),
  );
};

describe.each(Object.entries(backbones))('%s', (_, config) => {
  const values = randomWeights(config);
  const weights: Tuning['weights'] = {
    get(name) {
      const tensor = values.get(name)!;
      return { dtype: 'float32', shape: tensor.shape, data: tensor };
    },
    read: async (name) => values.get(name)!,
  };

  it.each(methods.map(({ name }) => [name]))('%s', async (name) => {
    const configured = configureMethod({ name });
    const refusal = configured.method.refuses?.(config, configured.options);
    if (refusal !== undefined) {
      expect(refusal).toMatch(/\w+ \w+/);
      return;
    }
    const tuning: Tuning = {
      config,
      weights,
      methods: [configured],
      classes: 3,
      dropPath: 0,
      labelSmoothing: 0,
      decayOn: 'all',
    };
    const trained = trainedParameters(tuning);
    const start = new Map(trained.specs.map((s) => [s.name, values.get(s.name) ?? random(s.shape, s.name)]));
    const params = Object.fromEntries(
      pack(trained.slabs, start).map((data, i) => [
        `param:${trained.slabs[i]!.name}`,
        float32([trained.slabs[i]!.size], data),
      ]),
    );
    const pictures = random([2, 3, ...config.imageSize], 'pictures');
    const { model, noise } = accumulateGraph(tuning, trained, 2);
    const session = await runtime.prepare(model);
    const outputs: Record<string, Tensor> = await session.run({
      pictures,
      labels: { dtype: 'int64', shape: [2], data: BigInt64Array.of(0n, 2n) },
      weights: float32([2], [0.5, 0.5]),
      ...params,
      ...Object.fromEntries(trained.slabs.map((s) => [`grad:${s.name}`, float32([s.size], new Float32Array(s.size))])),
      ...Object.fromEntries(
        noise.map((n) => [`noise:${n.name}`, float32(n.shape, new Float32Array(sizeOf(n.shape)).fill(1))]),
      ),
    });
    await session.dispose();
    const logits = outputs.logits as Tensor<'float32'>;
    expect(logits.shape).toEqual([2, 3]);
    expect(logits.data.every(Number.isFinite)).toBe(true);
    const moved = trained.slabs.map((s) => outputs[`next:grad:${s.name}`]!.data as Float32Array);
    expect(moved.every((g) => g.every(Number.isFinite))).toBe(true);
    expect(moved.some((g) => g.some((x) => x !== 0))).toBe(true);
  });
});
