// Operators that move elements without computing: reshape, transpose, slice and pad, split and concat, expand.
import { InternalError } from '../../base/errors.ts';
import { int64, type Shape, sameShape, showShape, sizeOf, zeros } from '../../base/tensor.ts';
import { axisOf, type BoundOp, broadcastShapes, defineOp } from '../op.ts';
import type { Value } from '../types.ts';

type ShapeAttribute = {
  readonly shape: Shape;
};

const vector = (values: readonly number[]) => int64([values.length], values);

export const reshapeOp: BoundOp<ShapeAttribute> = defineOp<ShapeAttribute>({
  name: 'reshape',
  infer: ([x], { shape }) => {
    if (sizeOf(x!.shape) !== sizeOf(shape))
      throw new InternalError(`reshape: ${showShape(x!.shape)} has not as many elements as ${showShape(shape)}`);
    return [{ dtype: x!.dtype, shape }];
  },
  emit: ({ inputs, outputs, attributes, reshaped }) => [
    { opType: 'Reshape', inputs: [inputs[0]!, reshaped(attributes.shape)], outputs, ints: { allowzero: 1 } },
  ],
  vjp: ({ inputs: [x], grads: [g] }) => [reshape(g!, x!.shape)],
  work: () => 0,
});

type Permutation = {
  readonly perm: readonly number[];
};
/** Output axis i is input axis perm[i]. */
export const transposeOp: BoundOp<Permutation> = defineOp<Permutation>({
  name: 'transpose',
  infer: ([x], { perm }) => {
    if (
      !sameShape(
        [...perm].sort((a, b) => a - b),
        x!.shape.map((_, i) => i),
      )
    )
      throw new InternalError(`transpose: ${showShape(perm)} is no permutation of the axes of ${showShape(x!.shape)}`);
    return [{ dtype: x!.dtype, shape: perm.map((axis) => x!.shape[axis]!) }];
  },
  emit: ({ inputs, outputs, attributes }) => [
    { opType: 'Transpose', inputs, outputs, ints: { perm: attributes.perm } },
  ],
  vjp: ({ attributes: { perm }, grads: [g] }) => [
    transpose(
      g!,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
});

/** Broadcast to `shape`; the reverse walk sums the gradient back. */
export const expandOp: BoundOp<ShapeAttribute> = defineOp<ShapeAttribute>({
  name: 'expand',
  infer: ([x], { shape }) => {
    if (!sameShape(broadcastShapes('expand', x!.shape, shape), shape))
      throw new InternalError(`expand: ${showShape(x!.shape)} can't be expanded to ${showShape(shape)}`);
    return [{ dtype: x!.dtype, shape }];
  },
  emit: ({ inputs, inputTypes, outputs, attributes, expanded }) => [
    { opType: 'Expand', inputs: [inputs[0]!, expanded(inputTypes[0]!.shape, attributes.shape)], outputs },
  ],
  vjp: ({ grads: [g] }) => [g],
});

type Range = {
  readonly axis: number;
  /** First index, and the one after the last. */
  readonly start: number;
  readonly end: number;
};
export const sliceOp: BoundOp<Range> = defineOp<Range>({
  name: 'slice',
  infer: ([x], { axis, start, end }) => {
    const size = x!.shape[axis];
    if (size === undefined || start < 0 || end > size || start >= end)
      throw new InternalError(`slice: ${start}..${end} on axis ${axis} is outside ${showShape(x!.shape)}`);
    return [{ dtype: x!.dtype, shape: x!.shape.map((d, i) => (i === axis ? end - start : d)) }];
  },
  emit: ({ inputs, outputs, attributes: { axis, start, end }, literal }) => [
    {
      opType: 'Slice',
      inputs: [inputs[0]!, literal(vector([start])), literal(vector([end])), literal(vector([axis]))],
      outputs,
    },
  ],
  vjp: ({ inputs: [x], attributes: { axis, start, end }, grads: [g] }) => [pad(g!, axis, start, x!.shape[axis]! - end)],
});

type Padding = {
  readonly axis: number;
  readonly before: number;
  readonly after: number;
};
/** Zeros before and after, along one axis. */
export const padOp: BoundOp<Padding> = defineOp<Padding>({
  name: 'pad',
  infer: ([x], { axis, before, after }) => [
    {
      dtype: x!.dtype,
      shape: x!.shape.map((d, i) => (i === axisOf('pad', axis, x!.shape.length) ? d + before + after : d)),
    },
  ],
  emit: ({ inputs, inputTypes, outputs, attributes: { axis, before, after }, literal }) => {
    const rank = inputTypes[0]!.shape.length;
    const pads = Array.from({ length: 2 * rank }, (_, i) => (i === axis ? before : i === rank + axis ? after : 0));
    return [{ opType: 'Pad', inputs: [inputs[0]!, literal(vector(pads))], outputs }];
  },
  vjp: ({ inputs: [x], attributes: { axis, before }, grads: [g] }) => [
    slice(g!, axis, before, before + x!.shape[axis]!),
  ],
});

type Axis = {
  readonly axis: number;
};
export const concatOp: BoundOp<Axis> = defineOp<Axis>({
  name: 'concat',
  infer: (inputs, { axis }) => {
    const first = inputs[0]!;
    for (const x of inputs)
      if (x.dtype !== first.dtype || !sameShape(x.shape.toSpliced(axis, 1), first.shape.toSpliced(axis, 1)))
        throw new InternalError(`concat: ${showShape(x.shape)} doesn't fit ${showShape(first.shape)} on axis ${axis}`);
    const size = inputs.reduce((n, x) => n + x.shape[axis]!, 0);
    return [{ dtype: first.dtype, shape: first.shape.with(axis, size) }];
  },
  emit: ({ inputs, outputs, attributes: { axis } }) => [{ opType: 'Concat', inputs, outputs, ints: { axis } }],
  vjp: ({ inputs, attributes: { axis }, grads: [g] }) =>
    split(
      g!,
      axis,
      inputs.map((x) => x.shape[axis]!),
    ),
});

type Sections = {
  readonly axis: number;
  readonly sizes: readonly number[];
};
export const splitOp: BoundOp<Sections> = defineOp<Sections>({
  name: 'split',
  infer: ([x], { axis, sizes }) => {
    if (sizes.reduce((n, s) => n + s, 0) !== x!.shape[axis])
      throw new InternalError(
        `split: sizes ${showShape(sizes)} don't add up to axis ${axis} of ${showShape(x!.shape)}`,
      );
    return sizes.map((size) => ({ dtype: x!.dtype, shape: x!.shape.with(axis, size) }));
  },
  emit: ({ inputs, outputs, attributes: { axis, sizes }, literal }) => [
    { opType: 'Split', inputs: [inputs[0]!, literal(vector(sizes))], outputs, ints: { axis } },
  ],
  vjp: ({ inputs: [x], outputs, attributes: { axis }, grads }) => [
    concat(
      outputs.map((y, i) => grads[i] ?? zerosLike(x!, y.shape)),
      axis,
    ),
  ],
});

/** A zero block beside `x`'s values. Small ones are literals, large ones expanded from a scalar. */
export function zerosLike(x: Value, shape: Shape): Value {
  return expand(x.graph.literal(zeros(shape.map(() => 1))), shape);
}

export const reshape = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : reshapeOp.one([x], { shape });
export const transpose = (x: Value, perm: readonly number[]): Value =>
  perm.every((axis, i) => axis === i) ? x : transposeOp.one([x], { perm });
export const expand = (x: Value, shape: Shape): Value => (sameShape(x.shape, shape) ? x : expandOp.one([x], { shape }));
/** Indices start..end-1 of an axis. */
export const slice = (x: Value, axis: number, start: number, end: number): Value => {
  const a = axisOf('slice', axis, x.shape.length);
  return start === 0 && end === x.shape[a] ? x : sliceOp.one([x], { axis: a, start, end });
};
export const pad = (x: Value, axis: number, before: number, after: number): Value =>
  before === 0 && after === 0 ? x : padOp.one([x], { axis: axisOf('pad', axis, x.shape.length), before, after });
export const concat = (parts: readonly Value[], axis: number): Value =>
  parts.length === 1 ? parts[0]! : concatOp.one(parts, { axis: axisOf('concat', axis, parts[0]!.shape.length) });
export const split = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
  sizes.length === 1 ? [x] : splitOp.all([x], { axis: axisOf('split', axis, x.shape.length), sizes });
