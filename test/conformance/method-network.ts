// Small networks of each kind of backbone for the conformance suite, and a method on them as numbers: loss, gradients,
// logits, whatever its options.
import type { OptionValue } from '../../src/base/options.ts';
import { stream } from '../../src/base/rng.ts';
import { float32, int64, sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { pack, unpack } from '../../src/graph/slabs.ts';
import { configureMethods } from '../../src/methods/index.ts';
import type { Method } from '../../src/methods/method.ts';
import type { VitConfig } from '../../src/model/config.ts';
import type { Weights } from '../../src/model/weights.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { accumulateGraph, evaluationGraph, type Tuning, trainedParameters } from '../../src/train/graphs.ts';
import { initialValues } from '../../src/train/initialize.ts';
import { noiseFeeds } from '../../src/train/noise.ts';
import { randomWeights, tinyConfig } from '../support/tiny.ts';

export const runtime = nodeRuntime({ threads: 1 });
const small = { ...tinyConfig, imageSize: [24, 24], width: 24, heads: 3, hidden: 96 } as const satisfies VitConfig;

export const backbones: Readonly<Record<'vit' | 'dinov2' | 'clip', VitConfig>> = {
  vit: small,
  dinov2: { ...small, family: 'dinov2', layerScale: true },
  clip: {
    ...small,
    family: 'clip',
    activation: 'quick_gelu',
    normEps: 1e-5,
    preNorm: true,
    patchBias: false,
    head: 'clip',
    projection: 16,
  },
};

export const batch = 2;
export const classes = 3;

export type Values = Map<string, Tensor<'float32'>>;

export function weightsOf(config: VitConfig): Weights {
  const values = randomWeights(config);
  return {
    get: (name) => ({ dtype: 'float32', shape: values.get(name)!.shape, data: values.get(name)! }),
    read: async (name) => values.get(name)!,
  };
}

export function tuningOf(
  config: VitConfig,
  method: Method,
  options: Readonly<Record<string, OptionValue>> = {},
  weights = weightsOf(config),
): Tuning {
  return {
    config,
    weights,
    methods: configureMethods([{ name: method.name, options }]),
    classes,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'matrices',
    headInit: { kind: 'normal', std: 0.3 },
  };
}

export const pictures: Tensor<'float32'> = (() => {
  const rng = stream(3, 'pictures');
  const shape = [batch, 3, 24, 24];
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => rng.normal()),
  );
})();

/** Start values with noise on everything that is not the backbone's, so that no gradient is zero by a zero factor. */
export async function noisyValues(tuning: Tuning, std: number): Promise<Values> {
  const { specs } = trainedParameters(tuning);
  const values = await initialValues(specs, tuning.weights, 0);
  for (const { name, role } of specs) {
    if (role === 'backbone') continue;
    const rng = stream(1, 'noise', name);
    const { shape, data } = values.get(name)!;
    values.set(
      name,
      float32(
        shape,
        data.map((x) => x + std * rng.normal()),
      ),
    );
  }
  return values;
}

/** Loss and gradients of one batch, with fixed draws of every dropout. */
export async function lossGraph(tuning: Tuning) {
  const trained = trainedParameters(tuning);
  const { model, noise } = accumulateGraph(tuning, trained, batch);
  const session = await runtime.prepare(model);
  const fixed = {
    pictures,
    labels: int64([batch], [0, 2]),
    weights: float32([batch], [0.5, 0.5]),
    ...noiseFeeds(noise, { seed: 0, step: 0, first: 0, count: batch, microBatch: batch }),
    ...Object.fromEntries(
      trained.slabs.map((slab) => [`grad:${slab.name}`, float32([slab.size], new Float32Array(slab.size))]),
    ),
  };
  return {
    trained,
    noise,
    async run(values: Values): Promise<{ loss: number; gradients: Values }> {
      const arrays = pack(trained.slabs, values);
      const out = await session.run({
        ...fixed,
        ...Object.fromEntries(trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)])),
      });
      const slabs = trained.slabs.map((slab) => out[`next:grad:${slab.name}`]!.data as Float32Array);
      return { loss: (out.loss!.data as Float32Array)[0]!, gradients: unpack(trained.slabs, slabs) };
    },
    dispose: () => session.dispose(),
  };
}

export async function logitsOf(tuning: Tuning, values: Values, strength?: number): Promise<Float32Array> {
  const trained = trainedParameters(tuning);
  const session = await runtime.prepare(evaluationGraph(tuning, trained, batch, { strength: strength !== undefined }));
  const arrays = pack(trained.slabs, values);
  const out = await session.run({
    pictures,
    ...(strength === undefined ? {} : { strength: float32([], [strength]) }),
    ...Object.fromEntries(trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)])),
  });
  await session.dispose();
  return out.logits!.data as Float32Array;
}

export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    const d = Math.abs(a[i]! - b[i]!);
    if (!(d <= worst)) worst = d;
  }
  return worst;
}
