// Every method on every kind of backbone: it has logits and gradients there, or refuses with a reason. How right they are is
// the business of methods.test.ts and of the golden cases.
import { describe, expect, it } from 'vitest';
import { methods } from '../../src/methods/index.ts';
import type { VitConfig } from '../../src/model/config.ts';
import { backbones, lossGraph, noisyValues, tuningOf } from './method-network.ts';

const small: VitConfig = { ...backbones.vit, depth: 1 };
const kinds: Readonly<Record<string, VitConfig>> = {
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
    hidden: 32,
    activation: 'silu',
    qkNorm: true,
  },
};

describe.each(Object.entries(kinds))('%s', (_, config) => {
  it.each(methods.map((method) => [method.name, method] as const))('%s', async (_name, method) => {
    const tuning = tuningOf(config, method);
    const refusal = method.refuses?.(config, tuning.methods[0]!.options);
    if (refusal !== undefined) {
      expect(refusal).toMatch(/\w+ \w+/);
      return;
    }
    const graph = await lossGraph(tuning);
    const { loss, gradients } = await graph.run(await noisyValues(tuning, 0.1));
    await graph.dispose();
    expect(loss).toBeGreaterThan(0);
    const all = [...gradients.values()];
    expect(all.every(({ data }) => data.every(Number.isFinite))).toBe(true);
    expect(all.some(({ data }) => data.some((x) => x !== 0))).toBe(true);
  });
});
