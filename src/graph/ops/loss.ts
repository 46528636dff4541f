// Cross-entropy over class logits, composed from the other operators.
import { float32, int64 } from '../../base/tensor.ts';
import { type BoundOp, defineOp } from '../op.ts';
import type { Value } from '../types.ts';
import { mul, neg, scalar, scale, sub } from './elementwise.ts';
import { logSoftmax } from './norm.ts';
import { mean, sum } from './reduce.ts';

type Depth = {
  readonly depth: number;
};

/** Class indices (B,) int64 -> (B, depth) of 0 and 1. */
export const oneHotOp: BoundOp<Depth> = defineOp<Depth>({
  name: 'oneHot',
  infer: ([labels], { depth }) => [{ dtype: 'float32', shape: [...labels!.shape, depth] }],
  emit: ({ inputs, outputs, attributes: { depth }, literal }) => [
    {
      opType: 'OneHot',
      inputs: [inputs[0]!, literal(int64([], [depth])), literal(float32([2], [0, 1]))],
      outputs,
      ints: { axis: -1 },
    },
  ],
  vjp: 'none',
});

export const oneHot = (labels: Value, depth: number): Value => oneHotOp.one([labels], { depth });

/**
 * Cross-entropy of each row: logits (B, K), labels (B,) int64 -> (B,). `smoothing` spreads that much of the target evenly
 * over all K classes, the right one included (Szegedy et al. 2016; torch and timm agree).
 */
export function crossEntropy(logits: Value, labels: Value, smoothing = 0): Value {
  const logp = logSoftmax(logits);
  const hit = neg(sum(mul(logp, oneHot(labels, logits.shape[1]!)), [1], false));
  if (smoothing === 0) return hit;
  return sub(scale(hit, 1 - smoothing), mul(mean(logp, [1], false), scalar(logits, smoothing)));
}
