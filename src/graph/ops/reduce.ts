// Reductions. Axes are kept as size 1 unless `keep` is false.
import { int64, type Shape } from '../../base/tensor.ts';
import { axisOf, type BoundOp, defineOp } from '../op.ts';
import type { Value, Vjp } from '../types.ts';
import { cast, div, greater, mul, scalar, scale, sub } from './elementwise.ts';
import { expand, reshape } from './shape.ts';

type Axes = {
  readonly axes: readonly number[];
  readonly keep: boolean;
};

const kept = (shape: Shape, axes: readonly number[]) => shape.map((d, i) => (axes.includes(i) ? 1 : d));

function reduction(name: string, onnx: string, vjp: Vjp<Axes>): BoundOp<Axes> {
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
    vjp,
  });
}

/** The gradient of a reduction that weighs all elements alike. */
const evenly =
  (factor: (count: number) => number): Vjp<Axes> =>
  ({ inputs: [x], attributes: { axes }, grads: [g] }) => {
    const count = axes.reduce((n, axis) => n * x!.shape[axis]!, 1);
    return [expand(reshape(scale(g!, factor(count)), kept(x!.shape, axes)), x!.shape)];
  };

export const sumOp = reduction(
  'sum',
  'ReduceSum',
  evenly(() => 1),
);
export const meanOp = reduction(
  'mean',
  'ReduceMean',
  evenly((count) => 1 / count),
);
/** Elements that share the maximum share its gradient, as with torch's amax. */
export const maxOp: BoundOp<Axes> = reduction(
  'max',
  'ReduceMax',
  ({ inputs: [x], outputs: [y], attributes, grads: [g] }) => {
    const shape = kept(x!.shape, attributes.axes);
    const isMax = sub(scalar(x!, 1), cast(greater(reshape(y!, shape), x!), 'float32'));
    return [mul(isMax, div(reshape(g!, shape), sum(isMax, attributes.axes)))];
  },
);

const reducer =
  (op: BoundOp<Axes>) =>
  (x: Value, axes: readonly number[], keep = true): Value =>
    axes.length === 0 ? x : op.one([x], { axes: axes.map((a) => axisOf(op.name, a, x.shape.length)), keep });

/** Sum over `axes`. */
export const sum = reducer(sumOp);
/** Mean over `axes`. */
export const mean = reducer(meanOp);
/** Maximum over `axes`. */
export const max = reducer(maxOp);
