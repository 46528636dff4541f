// How true training in int8 is to training in float32: gradients of one batch by both, over all that a method trains and
// layer by layer, and their cosine.
import { float32, int64, type Tensor } from '../../src/base/tensor.ts';
import { pack, unpack } from '../../src/graph/slabs.ts';
import type { Runtime } from '../../src/runtime/session.ts';
import { accumulateGraph, type Tuning, trainedParameters } from '../../src/train/graphs.ts';
import { noiseFeeds } from '../../src/train/noise.ts';

export type Values = ReadonlyMap<string, Tensor<'float32'>>;

export interface Batch {
  /** `pixels` or `pictures`: what the tuning's graphs take. */
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly labels: readonly number[];
}

export interface Gradients {
  readonly loss: number;
  /** Logits (B, classes), row by row. */
  readonly logits: Float32Array;
  readonly gradients: Values;
}

/** Loss, logits and gradients of the mean loss over the batch, with fixed draws of every dropout. */
export async function gradientsOf(runtime: Runtime, tuning: Tuning, values: Values, batch: Batch): Promise<Gradients> {
  const trained = trainedParameters(tuning);
  const count = batch.labels.length;
  const { model, noise } = accumulateGraph(tuning, trained, count);
  const session = await runtime.prepare(model);
  const arrays = pack(trained.slabs, values);
  const outputs = await session.run({
    ...batch.feeds,
    labels: int64([count], batch.labels),
    weights: float32([count], new Float32Array(count).fill(1 / count)),
    ...noiseFeeds(noise, { seed: 0, step: 0, first: 0, count, microBatch: count }),
    ...Object.fromEntries(
      trained.slabs.flatMap(({ name, size }, i) => [
        [`param:${name}`, float32([size], arrays[i]!)],
        [`grad:${name}`, float32([size], new Float32Array(size))],
      ]),
    ),
  });
  await session.dispose();
  const slabs = trained.slabs.map(({ name }) => outputs[`next:grad:${name}`]!.data as Float32Array);
  return {
    loss: (outputs.loss!.data as Float32Array)[0]!,
    logits: outputs.logits!.data as Float32Array,
    gradients: unpack(trained.slabs, slabs),
  };
}

export function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}

export interface Fidelity {
  /** Over all wanted parameters together, and the one whose own cosine is smallest. */
  readonly cosine: number;
  readonly worst: { readonly name: string; readonly cosine: number };
  readonly logits: number;
}

/** Compares what is `wanted`, by parameter name. */
export function fidelity(fp32: Gradients, int8: Gradients, wanted: (name: string) => boolean): Fidelity {
  const names = [...fp32.gradients.keys()].filter(wanted);
  const joined = ({ gradients }: Gradients) => names.flatMap((name) => [...gradients.get(name)!.data]);
  const each = names.map((name) => ({
    name,
    cosine: cosine(fp32.gradients.get(name)!.data, int8.gradients.get(name)!.data),
  }));
  return {
    cosine: cosine(joined(fp32), joined(int8)),
    worst: each.reduce((a, b) => (b.cosine < a.cosine ? b : a)),
    logits: cosine(fp32.logits, int8.logits),
  };
}
