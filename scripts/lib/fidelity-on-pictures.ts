// The gradients of LoRA on a batch of a set's training pictures, in int8 against float32.
import { stream } from '../../src/base/rng.ts';
import { float32 } from '../../src/base/tensor.ts';
import { configureMethods } from '../../src/methods/index.ts';
import { loadBackbone } from '../../src/model/load.ts';
import { nodeRuntime } from '../../src/runtime/node.ts';
import { type Tuning, trainedParameters } from '../../src/train/graphs.ts';
import { initialValues } from '../../src/train/initialize.ts';
import { openInt8Weights } from '../../src/train/int8-weights.ts';
import { preparationOf } from '../../src/train/preparation.ts';
import { openRunData } from '../../src/train/run-data.ts';
import { parseRunSpec } from '../../src/train/spec.ts';
import { type Fidelity, fidelity, gradientsOf } from './fidelity.ts';

const methods = [{ name: 'lora', options: { targets: ['q', 'k', 'v', 'proj', 'fc1', 'fc2'] } }];

/** LoRA's B starts at zero, and with it A's gradient; this is far from any visible change of the function. */
const startDeviation = 0.001;

/** Compares gradients on the first `pictures` of the first epoch's order. */
export async function gradientFidelity(args: {
  readonly model: string;
  readonly data: string;
  /** Pixels; 0 = the checkpoint's. */
  readonly imageSize: number;
  readonly pictures: number;
}): Promise<Fidelity> {
  const { model, data, imageSize, pictures: count } = args;
  const spec = parseRunSpec({ model, data, methods, dataOptions: { imageSize } });
  const backbone = await loadBackbone(model, { imageSize: imageSize || undefined });
  const preprocessing = preparationOf(spec, backbone.preprocessing);
  const opening = openRunData(spec, preprocessing, false);
  let opened = await opening.next();
  while (!opened.done) opened = await opening.next();
  const { train, classes, close } = opened.value;

  const tuning: Tuning = {
    config: backbone.config,
    weights: backbone.weights,
    methods: configureMethods(methods),
    classes: classes.length,
    normalization: preprocessing,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'matrices',
  };
  const [height, width] = preprocessing.imageSize;
  const indices = train.order(0, 0).slice(0, count);
  const pixels = new Uint8Array(count * height * width * 3);
  await train.read(indices, 0, pixels);
  close();
  const batch = {
    feeds: { pixels: { dtype: 'uint8', shape: [count, height, width, 3], data: pixels } as const },
    labels: indices.map((index) => train.labels[index]!),
  };

  const values = await initialValues(trainedParameters(tuning).specs, tuning.weights, 0);
  for (const [name, { shape, data: start }] of values) {
    if (!name.endsWith('.lora.B')) continue;
    const rng = stream(0, 'fidelity', name);
    values.set(
      name,
      float32(
        shape,
        start.map(() => startDeviation * rng.normal()),
      ),
    );
  }
  const runtime = nodeRuntime();
  const fp32 = await gradientsOf(runtime, tuning, values, batch);
  const int8 = await gradientsOf(runtime, { ...tuning, int8: await openInt8Weights(backbone) }, values, batch);
  return fidelity(fp32, int8, (name) => name.includes('.lora.'));
}
