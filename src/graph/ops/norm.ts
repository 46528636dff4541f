// Normalisations over the last axis: LayerNorm (Ba et al. 2016), softmax, log-softmax, L2.
import { InternalError } from '../../base/errors.ts';
import { sameShape, showShape } from '../../base/tensor.ts';
import { type BoundOp, defineOp } from '../op.ts';
import type { Value } from '../types.ts';
import { add, div, exp, mul, scalar, sqrt, sub } from './elementwise.ts';
import { mean, sum } from './reduce.ts';

type Epsilon = {
  readonly epsilon: number;
};

/** Outputs y, and the mean and 1/std of each row, which the gradient reuses. gamma, beta: (C,). */
export const layerNormOp: BoundOp<Epsilon> = defineOp<Epsilon>({
  name: 'layerNorm',
  infer: ([x, gamma, beta]) => {
    const width = x!.shape.at(-1)!;
    if (!sameShape(gamma!.shape, [width]) || !sameShape(beta!.shape, [width]))
      throw new InternalError(`layerNorm: gamma ${showShape(gamma!.shape)} doesn't fit x ${showShape(x!.shape)}`);
    const row = { dtype: x!.dtype, shape: x!.shape.with(-1, 1) };
    return [{ dtype: x!.dtype, shape: x!.shape }, row, row];
  },
  emit: ({ inputs, outputs, attributes: { epsilon } }) => [
    { opType: 'LayerNormalization', inputs, outputs, ints: { axis: -1 }, floats: { epsilon } },
  ],
  vjp: ({ inputs: [x, gamma], outputs: [, rowMean, rowInvStd], grads: [g, gMean, gInvStd], needs }) => {
    if (gMean || gInvStd) throw new InternalError('layerNorm: its mean and 1/std outputs carry no gradient');
    const normed = mul(sub(x!, rowMean!), rowInvStd!);
    const scaled = mul(g!, gamma!);
    return [
      needs[0]
        ? mul(sub(sub(scaled, mean(scaled, [-1])), mul(normed, mean(mul(scaled, normed), [-1]))), rowInvStd!)
        : undefined,
      needs[1] ? mul(g!, normed) : undefined,
      g,
    ];
  },
});

type None = Record<never, never>;

export const softmaxOp: BoundOp<None> = defineOp<None>({
  name: 'softmax',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }) => [{ opType: 'Softmax', inputs, outputs, ints: { axis: -1 } }],
  vjp: ({ outputs: [y], grads: [g] }) => [mul(y!, sub(g!, sum(mul(g!, y!), [-1])))],
});

export const logSoftmaxOp: BoundOp<None> = defineOp<None>({
  name: 'logSoftmax',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  emit: ({ inputs, outputs }) => [{ opType: 'LogSoftmax', inputs, outputs, ints: { axis: -1 } }],
  vjp: ({ outputs: [y], grads: [g] }) => [sub(g!, mul(exp(y!), sum(g!, [-1])))],
});

export const layerNorm = (x: Value, gamma: Value, beta: Value, epsilon: number): Value =>
  layerNormOp.one([x, gamma, beta], { epsilon });
export const softmax = (x: Value): Value => softmaxOp.one([x], {});
export const logSoftmax = (x: Value): Value => logSoftmaxOp.one([x], {});

/** x / ||x|| over the last axis; `epsilon` is added under the root so that a zero row stays zero. */
export const l2Normalize = (x: Value, epsilon = 1e-24): Value =>
  div(x, sqrt(add(sum(mul(x, x), [-1]), scalar(x, epsilon))));
