// The bench's torch models do the same work as ours: at equal weights and pictures, losses of AdamW steps are equal, so
// forward pass and gradients of every trained parameter are.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fp32Methods } from '../bench/lib/methods.ts';
import { findTorch, startTorch, type Torch } from '../bench/lib/torch.ts';
import { stream } from '../src/base/rng.ts';
import { float32, int64, type Tensor } from '../src/base/tensor.ts';
import { writeSafetensors } from '../src/formats/safetensors-file.ts';
import { adamw } from '../src/graph/optim.ts';
import { pack } from '../src/graph/slabs.ts';
import { configureMethods } from '../src/methods/index.ts';
import type { VitConfig } from '../src/model/config.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { createStepper } from '../src/runtime/stepper.ts';
import { stepGraph, type Tuning, trainedParameters } from '../src/train/graphs.ts';
import { randomWeights, tinyConfig } from './support/tiny.ts';

const torch = findTorch();
const config: VitConfig = tinyConfig;
const [batch, classes, steps, learningRate] = [4, 5, 4, 0.01];
const half = [0.5, 0.5, 0.5] as const;

/** Without dropout, whose draws differ. */
const methods = fp32Methods.map(({ name, options }) => ({
  name,
  options: ['adaptformer', 'fact-tk', 'convpass'].includes(name) ? { ...options, dropout: 0 } : options,
}));

describe.skipIf(torch === undefined)('the torch peer', () => {
  let root: string;
  let peer: Torch;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vitune-torch-'));
    peer = startTorch(torch!);
  });
  afterAll(async () => {
    await peer.close();
    await rm(root, { recursive: true, force: true });
  });

  it.each(methods.map((method) => [method.name, method] as const))(
    'has our losses: %s',
    async (name, { options = {} }) => {
      const backbone = randomWeights(config);
      const tuning: Tuning = {
        config,
        weights: {
          get: (parameter) => ({ ...backbone.get(parameter)!, data: backbone.get(parameter)! }),
          read: async (parameter) => backbone.get(parameter)!,
        },
        methods: configureMethods([{ name, options }]),
        classes,
        normalization: { mean: half, std: half },
        dropPath: 0,
        labelSmoothing: 0,
        decayOn: 'matrices',
      };
      const trained = trainedParameters(tuning);
      const start = new Map(
        trained.specs.map(({ name: parameter, shape, role }) => {
          const rng = stream(1, parameter);
          const drawn = () =>
            float32(
              shape,
              Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.2 * rng.normal()),
            );
          return [parameter, role === 'backbone' ? backbone.get(parameter)! : drawn()] as const;
        }),
      );
      const rng = stream(2, 'pictures');
      const [h, w] = config.imageSize;
      const pixels: Tensor<'uint8'> = {
        dtype: 'uint8',
        shape: [batch, h, w, 3],
        data: Uint8Array.from({ length: batch * h * w * 3 }, () => rng.below(256)),
      };
      const labels = int64([batch], [0, 3, 1, 4]);

      const optimizer = adamw();
      const { model } = stepGraph(tuning, trained, optimizer, batch);
      const arrays = pack(trained.slabs, start);
      const state = Object.fromEntries(
        trained.slabs.flatMap(({ name: slab, size }, i) => [
          [`param:${slab}`, float32([size], arrays[i]!)],
          ...optimizer.slots.map((slot) => [`${slot}:${slab}`, float32([size], new Float32Array(size))] as const),
        ]),
      );
      const stepper = await createStepper({ runtime: nodeRuntime({ threads: 1 }), graphs: { step: model }, state });
      const feeds = { pixels, labels, weights: float32([batch], new Float32Array(batch).fill(1 / batch)) };
      const ours: number[] = [];
      for (let step = 1; step <= steps; step++)
        ours.push((await stepper.step([feeds], optimizer.feed({ step, learningRate, weightDecay: 1e-4 }))).loss);
      await stepper.dispose();

      const file = join(root, `${name}.safetensors`);
      const pictures = join(root, `${name}-pictures.safetensors`);
      await writeSafetensors(file, new Map([...backbone, ...start]));
      await writeSafetensors(
        pictures,
        new Map<string, Tensor>([
          ['pixels', pixels],
          ['labels', labels],
        ]),
      );
      await peer.make({
        config,
        classes,
        method: { name, options },
        kind: 'train',
        precision: 'fp32',
        threads: 1,
        learningRate,
        weights: { file, names: {} },
      });
      const { losses } = await peer.run({ pictures, steps });
      for (const [i, loss] of ours.entries()) expect(Math.abs(losses[i]! - loss), `step ${i + 1}`).toBeLessThan(1e-4);
      expect(ours.at(-1)).not.toBeCloseTo(ours[0]!, 2); // something was trained
    },
  );
});
