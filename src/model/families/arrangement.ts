// Parameters that a file keeps in another order of axes: transposed matrices, convolution kernels of JAX, layers of a scan.
import { float32, type Shape, sizeOf, type Tensor } from '../../base/tensor.ts';
import type { Source } from './family.ts';

/** The tensor with its axes in another order: axis i of the result is axis `order[i]` of the input. */
export function permuted({ shape, data }: Tensor<'float32'>, order: readonly number[]): Tensor<'float32'> {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const to = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const out = new Float32Array(data.length);
  let written = 0;
  const fill = (axis: number, from: number): void => {
    if (axis === to.length) out[written++] = data[from]!;
    else for (let i = 0; i < to[axis]!; i++) fill(axis + 1, from + i * steps[axis]!);
  };
  fill(0, 0);
  return float32(to, out);
}

/** A matrix (in, out), its axes perhaps cut further, as (out, in). `rows`: how many axes are the input's. */
export const transposed = (name: string, shape: Shape, rows = 1): Source => ({
  name,
  arranged: {
    shape,
    restore: ({ data }) => permuted(float32([sizeOf(shape.slice(0, rows)), sizeOf(shape.slice(rows))], data), [1, 0]),
  },
});

/** A vector or matrix whose axes are cut further, in the same order. */
export const flattened = (name: string, shape: Shape, to: Shape): Source => ({
  name,
  arranged: { shape, restore: ({ data }) => float32(to, data) },
});

/** Entry `index` of tensors stacked `count` high, as the source of one of them would be read. */
export function stacked({ name, arranged }: Source, shape: Shape, index: number, count: number): Source {
  const size = sizeOf(shape);
  return {
    name,
    arranged: {
      shape: [count, ...shape],
      restore({ data }) {
        const own = float32(shape, data.slice(index * size, (index + 1) * size));
        return arranged ? arranged.restore(own) : own;
      },
    },
  };
}
