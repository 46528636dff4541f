// WiSE-FT (Wortsman et al. 2022): a network between the pre-trained one (alpha 0) and the tuned one (alpha 1). Tuned backbone
// weights and the head are interpolated; what methods insert is weakened by the merge factor inside the graph (each record
// says how), so it keeps its tuned values here.
import { OptionError } from '../base/errors.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import type { NamedTensors } from './adapter.ts';
import type { TrainedParameters, Tuning } from './graphs.ts';
import { initialValues } from './initialize.ts';

/** Throws OptionError outside 0..1. */
export function checkWiseAlpha(alpha: number | undefined): void {
  if (alpha !== undefined && !(alpha >= 0 && alpha <= 1))
    throw new OptionError(`option wiseAlpha must be a number from 0 (pre-trained) to 1 (tuned), got ${alpha}`);
}

export function interpolate(from: Tensor<'float32'>, to: Tensor<'float32'>, alpha: number): Tensor<'float32'> {
  return float32(
    to.shape,
    to.data.map((x, i) => (1 - alpha) * from.data[i]! + alpha * x),
  );
}

/** The fed values at `alpha`. `seed` is the run's: a head's start that isn't given is drawn from it again. */
export async function valuesAt(
  alpha: number,
  from: {
    readonly tuning: Tuning;
    readonly trained: TrainedParameters;
    readonly tensors: NamedTensors;
    readonly seed: number;
    /** Where the head started, if not from draws. */
    readonly headStart?: NamedTensors | undefined;
  },
): Promise<Map<string, Tensor<'float32'>>> {
  const { tuning, trained, tensors, seed, headStart } = from;
  const moved = trained.specs.filter(({ role }) => role !== 'method');
  const starts = await initialValues(moved, tuning.weights, seed, headStart);
  const values = new Map(tensors);
  for (const { name } of moved) values.set(name, interpolate(starts.get(name)!, tensors.get(name)!, alpha));
  return values;
}
