// Every method above its cut computes what it computes from whole pictures: loss, logits and gradients, with dropout and
// drop-path, at other batch sizes than the frozen part ran at.
import { describe, expect, it } from 'vitest';
import { stream } from '../../src/base/rng.ts';
import { float32, int64, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { pack } from '../../src/graph/slabs.ts';
import { methods } from '../../src/methods/index.ts';
import type { Feeds } from '../../src/runtime/session.ts';
import {
  accumulateGraph,
  featureGraph,
  frozenPart,
  type PictureInput,
  trainedParameters,
} from '../../src/train/graphs.ts';
import { noiseFeeds } from '../../src/train/noise.ts';
import { backbones, maxDifference, noisyValues, runtime, tuningOf } from './method-network.ts';

const count = 3;
const shape = [count, 3, 24, 24];
const pictures = float32(
  shape,
  Float32Array.from({ length: sizeOf(shape) }, () => 0),
);
const rng = stream(5, 'pictures');
pictures.data.forEach((_, i) => {
  pictures.data[i] = rng.normal();
});

describe.each(methods.map((method) => [method.name, method] as const))('%s', (_name, method) => {
  it.each([
    ['vit', 0],
    ['vit', 0.3],
    ['clip', 0.3],
  ] as const)('is the same above its cut on %s, drop path %f', async (kind, dropPath) => {
    const options = dropPath > 0 && 'dropout' in method.options ? { dropout: 0.2 } : {};
    const tuning = { ...tuningOf(backbones[kind], method, options), dropPath };
    const trained = trainedParameters(tuning);
    const cut = frozenPart(tuning, trained, 'training');
    if (!cut) return expect(method.trains).toBeDefined(); // trains the first layers themselves
    const values = await noisyValues(tuning, 0.1);
    const arrays = pack(trained.slabs, values);
    const gradientsOf = async (from: PictureInput, entering: Feeds) => {
      const { model, noise } = accumulateGraph(tuning, trained, count, { from });
      const session = await runtime.prepare(model);
      const zeros = (size: number) => float32([size], new Float32Array(size));
      const out = await session.run({
        ...entering,
        labels: int64([count], [0, 2, 1]),
        weights: float32([count], [0.5, 0.3, 0.2]),
        ...noiseFeeds(noise, { seed: 0, step: 0, first: 0, count, microBatch: count }),
        ...Object.fromEntries(trained.slabs.map(({ name, size }) => [`grad:${name}`, zeros(size)])),
        ...Object.fromEntries(trained.slabs.map(({ name, size }, i) => [`param:${name}`, float32([size], arrays[i]!)])),
      });
      await session.dispose();
      return out;
    };
    // The frozen part runs one picture more, so that rows are not where they were.
    const below = await runtime.prepare(featureGraph(cut, count + 1));
    const more = float32(
      [count + 1, ...shape.slice(1)],
      [...pictures.data, ...pictures.data.slice(0, sizeOf(shape) / count)],
    );
    const { features } = (await below.run({ pictures: more })) as { features: Tensor<'float32'> };
    await below.dispose();
    const rows = float32([count, cut.width], features.data.slice(0, count * cut.width));
    const [whole, above] = [
      await gradientsOf('pixels', { pictures }),
      await gradientsOf('features', { features: rows }),
    ];
    for (const [name, { data }] of Object.entries(whole))
      expect(maxDifference(above[name]!.data as Float32Array, data as Float32Array), name).toBeLessThan(1e-5);
  });
});
