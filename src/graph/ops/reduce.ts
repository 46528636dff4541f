// Reductions. Axes are kept as size 1 unless `keep` is false.
import { int64, type Shape } from '../../base/tensor.ts';
import { axisOf, type BoundOp, defineOp } from '../op.ts';
import type { Value } from '../types.ts';
import { scale } from './elementwise.ts';
import { expand, reshape } from './shape.ts';

type Axes = {
  readonly axes: readonly number[];
  readonly keep: boolean;
};

const kept = (shape: Shape, axes: readonly number[]) => shape.map((d, i) => (axes.includes(i) ? 1 : d));

function reduction(name: string, onnx: string, factor: (count: number) => number): BoundOp<Axes> {
  return defineOp<Axes>({
    name,
    infer: ([x], { axes, keep }) => [
      { dtype: x!.dtype, shape: keep ? kept(x!.shape, axes) : x!.shape.filter((_, i) => !axes.includes(i)) },
    ],
    emit: ({ inputs, outputs, attributes: { axes, keep }, literal }) => [
      {
        opType: onnx,
        inputs: [inputs[0]!, literal(int64([axes.length], axes))],
        outputs,
        ints: { keepdims: keep ? 1 : 0 },
      },
    ],
    vjp: ({ inputs: [x], attributes: { axes }, grads: [g] }) => {
      const count = axes.reduce((n, axis) => n * x!.shape[axis]!, 1);
      return [expand(reshape(scale(g!, factor(count)), kept(x!.shape, axes)), x!.shape)];
    },
  });
}

export const sumOp = reduction('sum', 'ReduceSum', () => 1);
export const meanOp = reduction('mean', 'ReduceMean', (count) => 1 / count);

const reducer =
  (op: BoundOp<Axes>) =>
  (x: Value, axes: readonly number[], keep = true): Value =>
    axes.length === 0 ? x : op.one([x], { axes: axes.map((a) => axisOf(op.name, a, x.shape.length)), keep });

/** Sum over `axes`. */
export const sum = reducer(sumOp);
/** Mean over `axes`. */
export const mean = reducer(meanOp);
