// How trained parameters start: the backbone's own values, or draws from the stream of the parameter's name.
import { type Rng, stream } from '../base/rng.ts';
import { float32, type Shape, sizeOf, type Tensor } from '../base/tensor.ts';
import type { ParameterSpec } from '../model/network.ts';
import type { Init } from '../model/sites.ts';
import type { Weights } from '../model/weights.ts';

/** Draws of a tensor's elements, in order. */
function sampler(init: Exclude<Init, { kind: 'row_norms' }>, shape: Shape, rng: Rng): (index: number) => number {
  switch (init.kind) {
    case 'constant':
      return () => init.value;
    case 'normal':
      return () => (init.mean ?? 0) + init.std * rng.normal();
    case 'uniform':
      return () => init.bound * (2 * rng.uniform() - 1);
    case 'truncated_normal':
      return () => {
        let x = init.std * rng.normal();
        while (Math.abs(x) > init.limit) x = init.std * rng.normal();
        return x;
      };
    case 'identity_centre_tap': {
      const [, inputs, height, width] = shape as [number, number, number, number];
      const taps = height * width;
      return (index) => {
        const channels = Math.floor(index / taps);
        const diagonal = Math.floor(channels / inputs) === channels % inputs;
        return diagonal && index % taps === (taps - 1) / 2 ? 1 : 0;
      };
    }
  }
}

/** L2 norm of each row of a matrix (out, in) -> (out). */
function rowNorms({ shape, data }: Tensor<'float32'>): Tensor<'float32'> {
  const [rows, columns] = shape as [number, number];
  return float32(
    [rows],
    Float32Array.from({ length: rows }, (_, i) => Math.hypot(...data.subarray(i * columns, (i + 1) * columns))),
  );
}

/** Start values of all trained parameters, by name; of the head those in `headStart`, where it is given. */
export async function initialValues(
  specs: readonly ParameterSpec[],
  weights: Weights,
  seed: number,
  headStart: ReadonlyMap<string, Tensor<'float32'>> = new Map(),
): Promise<Map<string, Tensor<'float32'>>> {
  const values = new Map<string, Tensor<'float32'>>();
  for (const { name, shape, init, role } of specs) {
    const given = role === 'head' ? headStart.get(name) : undefined;
    if (given) {
      values.set(name, given);
      continue;
    }
    if (init.kind === 'pretrained') {
      values.set(name, await weights.read(name));
      continue;
    }
    if (init.kind === 'row_norms') {
      values.set(name, rowNorms(await weights.read(init.of)));
      continue;
    }
    const draw = sampler(init, shape, stream(seed, 'init', name));
    values.set(
      name,
      float32(
        shape,
        Float32Array.from({ length: sizeOf(shape) }, (_, index) => draw(index)),
      ),
    );
  }
  return values;
}
