// A linear head on cached features: what tuning nothing but the head reaches, in seconds. Features are standardised; AdamW on
// the cross-entropy, a cosine to 0, the weight decay chosen on validation.
import { stream } from '../base/rng.ts';
import { float32, int64, type Tensor } from '../base/tensor.ts';
import { exportGraph } from '../graph/export.ts';
import { gradients } from '../graph/grad.ts';
import { Graph } from '../graph/graph.ts';
import { mul } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import { crossEntropy } from '../graph/ops/loss.ts';
import { sum } from '../graph/ops/reduce.ts';
import { reshape } from '../graph/ops/shape.ts';
import { adamw } from '../graph/optim.ts';
import type { Runtime } from '../runtime/session.ts';
import { createStepper } from '../runtime/stepper.ts';
import type { Features } from './features.ts';

const batchSize = 256;
/** Enough for a convex loss on standardised features to stand still. */
const steps = 400;
const learningRate = 0.01;
/** From nearly none to much: the head's usual range with decoupled decay at this learning rate. */
const decays = [1, 0.1, 0.001];

export interface HeadProbe {
  /** Accuracy on the validation pictures, a share. */
  readonly top1: number;
  readonly weightDecay: number;
}

/** Mean and 1 / deviation of each feature over the training pictures; a feature that never changes becomes 0. */
function standardiser({ values, width }: Features): (features: Features) => Float32Array {
  const count = values.length / width;
  const [mean, scale] = [new Float64Array(width), new Float64Array(width)];
  for (let i = 0; i < values.length; i++) mean[i % width]! += values[i]! / count;
  for (let i = 0; i < values.length; i++) scale[i % width]! += (values[i]! - mean[i % width]!) ** 2 / count;
  for (let k = 0; k < width; k++) scale[k] = scale[k]! > 1e-12 ? 1 / Math.sqrt(scale[k]!) : 0;
  return (features) => features.values.map((x, i) => (x - mean[i % width]!) * scale[i % width]!);
}

/** Features (B, F), labels and weights (B,) -> one AdamW step of weight (K, F) and bias (K,), kept in one flat slab. */
function headStep(batch: number, width: number, classes: number) {
  const graph = new Graph();
  const optimizer = adamw();
  const size = classes * (width + 1);
  const slab = graph.input('param:head', 'float32', [size]);
  const rows = reshape(slab, [classes, width + 1]); // the last column is the bias: features end in a 1
  const logits = linear(graph.input('features', 'float32', [batch, width + 1]), rows);
  const each = crossEntropy(logits, graph.input('labels', 'int64', [batch]));
  const loss = sum(mul(each, graph.input('weights', 'float32', [batch])), [0], false);
  const scalars = Object.fromEntries(
    optimizer.scalars.map((name) => [name, graph.input(`scalar:${name}`, 'float32', [])]),
  );
  const next = optimizer.update({
    parameter: slab,
    gradient: gradients(loss, [slab])[0]!,
    slots: optimizer.slots.map((slot) => graph.input(`${slot}:head`, 'float32', [size])),
    scalars,
    decay: true,
  });
  graph.output('loss', loss);
  graph.output('next:param:head', next.parameter);
  optimizer.slots.forEach((slot, k) => {
    graph.output(`next:${slot}:head`, next.slots[k]!);
  });
  return { model: exportGraph(graph), optimizer, size };
}

function accuracy(rows: Float32Array, labels: Int32Array, head: Float32Array, width: number, classes: number): number {
  let right = 0;
  for (const [i, label] of labels.entries()) {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (let k = 0; k < classes; k++) {
      const at = k * (width + 1);
      let score = head[at + width]!;
      for (let f = 0; f < width; f++) score += head[at + f]! * rows[i * width + f]!;
      if (score > most) [best, most] = [k, score];
    }
    if (best === label) right++;
  }
  return right / labels.length;
}

/** Fits the head with each weight decay and keeps the best on validation; among equals the strongest decay. */
export async function probeHead(
  runtime: Runtime,
  features: { readonly train: Features; readonly val: Features },
  classes: number,
  seed: number,
): Promise<HeadProbe> {
  const { train, val } = features;
  const { width } = train;
  const standardised = standardiser(train);
  const [rows, tested] = [standardised(train), standardised(val)];
  const count = train.labels.length;
  const batch = Math.min(batchSize, count);
  const { model, optimizer, size } = headStep(batch, width, classes);
  const zeros = (): Tensor<'float32'> => float32([size], new Float32Array(size));
  let best: HeadProbe = { top1: -1, weightDecay: 0 };
  for (const weightDecay of decays) {
    const state = Object.fromEntries(['param', ...optimizer.slots].map((slot) => [`${slot}:head`, zeros()]));
    const stepper = await createStepper({ runtime, graphs: { step: model }, state });
    const draw = stream(seed, 'head-probe');
    const inputs = new Float32Array(batch * (width + 1)).fill(1);
    const labels = new BigInt64Array(batch);
    const weights = float32([batch], new Float32Array(batch).fill(1 / batch));
    for (let step = 0; step < steps; step++) {
      for (let i = 0; i < batch; i++) {
        const index = batch === count ? i : draw.below(count);
        inputs.set(rows.subarray(index * width, (index + 1) * width), i * (width + 1));
        labels[i] = BigInt(train.labels[index]!);
      }
      const rate = (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
      const feeds = {
        features: float32([batch, width + 1], inputs),
        labels: { ...int64([0], []), shape: [batch], data: labels },
        weights,
      };
      await stepper.step([feeds], optimizer.feed({ step: step + 1, learningRate: rate, weightDecay }));
      if (step % 50 === 49) await new Promise(setImmediate); // native steps block; let a signal in
    }
    const top1 = accuracy(tested, val.labels, stepper.state()['param:head']!.data, width, classes);
    if (top1 > best.top1) best = { top1, weightDecay };
    await stepper.dispose();
  }
  return best;
}
