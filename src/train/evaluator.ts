// Pictures -> logits with given parameters, a batch at a time.
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
  /** Logits (pictures, classes), row i that of picture i. `params` are `param:<slab>` arrays. */
  logits(pictures: Pictures, params: Readonly<Record<string, Tensor>>): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** `model` takes `pixels` (B, H, W, 3) or `features` (B, F) and gives `logits` (B, classes). */
export async function createEvaluator(runtime: Runtime, model: GraphModel): Promise<Evaluator> {
  const session = await runtime.prepare(model);
  const classes = model.outputs.get('logits')!.shape[1]!;
  return {
    async logits(pictures, params) {
      const out = new Float32Array(pictures.count * classes);
      const { batch, bytesPerPicture, bytes, feeds } = pictureInput(model);
      for (let start = 0; start < pictures.count; start += batch) {
        const count = Math.min(batch, pictures.count - start);
        for (let i = 0; i < count; i++) await pictures.copy(start + i, bytes, i * bytesPerPicture);
        const outputs = await session.run({ ...params, ...feeds });
        const rows = (outputs.logits as Tensor<'float32'>).data;
        out.set(rows.subarray(0, count * classes), start * classes); // rows past `count` are left-overs
      }
      return out;
    },
    dispose: () => session.dispose(),
  };
}
