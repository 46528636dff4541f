// Pictures -> what a graph makes of each (logits, features) with given parameters, a batch at a time.
import type { Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Runtime } from '../runtime/session.ts';
import { pictureInput } from './picture-input.ts';

/** The pictures that an evaluation reads: decoded bytes of one size, in a fixed order. */
export interface Pictures {
  readonly count: number;
  /** Copies picture `index` (H, W, 3) into `out` at byte `offset`. */
  readonly copy: (index: number, out: Uint8Array, offset: number) => Promise<void> | void;
}

export interface Evaluator {
  /** The graph's output (pictures, width), row i that of picture i. `params` are `param:<slab>` arrays. */
  rows(pictures: Pictures, params: Readonly<Record<string, Tensor>>): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** `model` takes `pixels` (B, H, W, 3) or `features` (B, F) and gives one output (B, width). */
export async function createEvaluator(runtime: Runtime, model: GraphModel): Promise<Evaluator> {
  const session = await runtime.prepare(model);
  const [output, { shape }] = [...model.outputs][0]!;
  const width = shape[1]!;
  return {
    async rows(pictures, params) {
      const out = new Float32Array(pictures.count * width);
      const { batch, bytesPerPicture, bytes, feeds } = pictureInput(model);
      for (let start = 0; start < pictures.count; start += batch) {
        const count = Math.min(batch, pictures.count - start);
        for (let i = 0; i < count; i++) await pictures.copy(start + i, bytes, i * bytesPerPicture);
        const outputs = await session.run({ ...params, ...feeds });
        const rows = (outputs[output] as Tensor<'float32'>).data;
        out.set(rows.subarray(0, count * width), start * width); // rows past `count` are left-overs
      }
      return out;
    },
    dispose: () => session.dispose(),
  };
}
