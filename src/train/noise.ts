// Dropout and drop-path factors of a step, drawn a picture at a time: a picture's noise depends on the seed, the step and
// its place in the batch only, so micro-batches of any size and resumed runs see the same.
import { stream } from '../base/rng.ts';
import { float32, sizeOf, type Tensor } from '../base/tensor.ts';
import type { NoiseSpec } from '../model/network.ts';
import { noiseInput } from './graphs.ts';

/** Feeds for pictures `first`.. of the batch, `count` of them real; `microBatch` is the size the graph was built for. */
export function noiseFeeds(
  specs: readonly NoiseSpec[],
  at: {
    readonly seed: number;
    readonly step: number;
    readonly first: number;
    readonly count: number;
    readonly microBatch: number;
  },
): Record<string, Tensor<'float32'>> {
  const feeds: Record<string, Tensor<'float32'>> = {};
  for (const spec of specs) {
    const size = sizeOf(spec.shape);
    const perPicture = size / at.microBatch;
    const data = new Float32Array(size);
    const kept = 1 / (1 - spec.rate);
    for (let i = 0; i < at.count; i++) {
      const rng = stream(at.seed, 'noise', spec.name, at.step, at.first + i);
      for (let k = i * perPicture; k < (i + 1) * perPicture; k++) data[k] = rng.uniform() < spec.rate ? 0 : kept;
    }
    feeds[noiseInput(spec)] = float32(spec.shape, data);
  }
  return feeds;
}
