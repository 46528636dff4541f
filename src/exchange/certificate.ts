// A parity certificate: what an export gives beside what the run gives, on the same pictures. It is made when the export is
// written, from the files that were written, and an export that fails it is no export.
import { RunError } from '../base/errors.ts';
import type { Preprocessing } from '../base/preprocessing.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import type { GraphModel } from '../graph/export.ts';
import type { Runtime } from '../runtime/session.ts';
import type { Pictures } from '../train/evaluator.ts';

/** What an export may differ by. */
export interface Tolerance {
  /** Share of the largest logit (of 1 where that is below 1). */
  readonly logits: number;
  /** Share of pictures with the same most likely class. */
  readonly agreement: number;
}

export const tolerances = {
  /** float32 throughout: sums in another order. A picture between two classes may fall on either side. */
  float32: { logits: 1e-4, agreement: 0.995 },
  /** Weights rounded to 11 bits. */
  float16: { logits: 1e-2, agreement: 0.98 },
  /** Weights and inputs of layers rounded to 8 bits. */
  int8: { logits: 0.25, agreement: 0.95 },
} as const satisfies Record<string, Tolerance>;

export interface Certificate {
  /** The file or folder that was run. */
  readonly what: string;
  readonly precision: keyof typeof tolerances;
  readonly pictures: number;
  /** Where the pictures are from: `the run's test split`. */
  readonly of: string;
  readonly largestLogit: number;
  readonly largestLogitDifference: number;
  /** Share of pictures with the same most likely class, 0 to 1. */
  readonly top1Agreement: number;
  readonly allowed: { readonly logitDifference: number; readonly top1Agreement: number };
}

const argmax = (row: Float32Array): number => row.reduce((best, x, k) => (x > row[best]! ? k : best), 0);

/** Compares logits (pictures, classes). A difference that is no number counts as infinite. */
export function certificate(
  about: Pick<Certificate, 'what' | 'precision' | 'of'>,
  run: Float32Array,
  exported: Float32Array,
  classes: number,
): Certificate {
  const count = run.length / classes;
  let [largest, difference, same] = [0, 0, 0];
  for (let i = 0; i < run.length; i++) {
    const d = Math.abs(run[i]! - exported[i]!);
    difference = Number.isNaN(d) ? Number.POSITIVE_INFINITY : Math.max(difference, d);
    largest = Math.max(largest, Math.abs(run[i]!));
  }
  for (let i = 0; i < count; i++) {
    const [start, end] = [i * classes, (i + 1) * classes];
    same += Number(argmax(run.subarray(start, end)) === argmax(exported.subarray(start, end)));
  }
  const tolerance = tolerances[about.precision];
  return {
    ...about,
    pictures: count,
    largestLogit: largest,
    largestLogitDifference: difference,
    top1Agreement: same / count,
    allowed: { logitDifference: tolerance.logits * Math.max(1, largest), top1Agreement: tolerance.agreement },
  };
}

/** Throws RunError where an export differs by more than is allowed. */
export function requireParity({
  what,
  largestLogitDifference: d,
  top1Agreement,
  allowed,
  pictures,
}: Certificate): void {
  if (d <= allowed.logitDifference && top1Agreement >= allowed.top1Agreement) return;
  throw new RunError(
    `export: ${what} is not what the run computes: on ${pictures} pictures logits differ by up to ${d.toPrecision(3)} (allowed ${allowed.logitDifference.toPrecision(3)}) and ${(100 * top1Agreement).toFixed(1)} % have the same class (wanted ${(100 * allowed.top1Agreement).toFixed(1)} %); nothing was exported`,
  );
}

/** Pictures at once. */
const batch = 16;

/** Logits of an exported model that takes normalised pictures `pixel_values` (B, 3, H, W), B open or `batch`. */
export async function exportedLogits(
  runtime: Runtime,
  model: GraphModel,
  pictures: Pictures,
  { imageSize: [h, w], mean, std }: Pick<Preprocessing, 'imageSize' | 'mean' | 'std'>,
  classes: number,
): Promise<Float32Array> {
  const session = await runtime.prepare(model);
  try {
    const out = new Float32Array(pictures.count * classes);
    const bytes = new Uint8Array(h * w * 3);
    const values = float32([batch, 3, h, w], new Float32Array(batch * 3 * h * w));
    for (let start = 0; start < pictures.count; start += batch) {
      const count = Math.min(batch, pictures.count - start);
      for (let i = 0; i < count; i++) {
        await pictures.copy(start + i, bytes, 0);
        for (let c = 0; c < 3; c++)
          for (let p = 0; p < h * w; p++)
            values.data[(i * 3 + c) * h * w + p] = (bytes[3 * p + c]! / 255 - mean[c]!) / std[c]!;
      }
      const { logits } = await session.run({ pixel_values: values });
      out.set((logits as Tensor<'float32'>).data.subarray(0, count * classes), start * classes);
    }
    return out;
  } finally {
    await session.dispose();
  }
}

export const certificateBatch = batch;
