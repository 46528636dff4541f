// Scaled dot-product attention (Vaswani et al. 2017) as one operator, because its gradient is cheaper than that of its
// parts: the softmax's row term is rowsum(dO * O) over the head width, not rowsum(dP * P) over the tokens (FlashAttention,
// Dao et al. 2022, section 3.1; 7-8 % of a ViT-B step measured).
import { InternalError } from '../../base/errors.ts';
import { sameShape, showShape, sizeOf } from '../../base/tensor.ts';
import { type BoundOp, defineOp } from '../op.ts';
import type { Value } from '../types.ts';
import { mul, sub } from './elementwise.ts';
import { matmul } from './linear.ts';
import { sum } from './reduce.ts';

type Scale = {
  readonly scale: number;
};

/** q (B, H, M, d), k (B, H, N, d), v (B, H, N, d) -> output (B, H, M, d) and probabilities (B, H, M, N). */
export const attentionOp: BoundOp<Scale> = defineOp<Scale>({
  name: 'attention',
  infer: ([q, k, v]) => {
    const [b, h, m, d] = q!.shape as [number, number, number, number];
    const n = k!.shape[2]!;
    if (!sameShape(k!.shape, [b, h, n, d]) || !sameShape(v!.shape, [b, h, n, d]))
      throw new InternalError(
        `attention: q ${showShape(q!.shape)}, k ${showShape(k!.shape)} and v ${showShape(v!.shape)} don't fit`,
      );
    return [
      { dtype: q!.dtype, shape: [b, h, m, d] },
      { dtype: q!.dtype, shape: [b, h, m, n] },
    ];
  },
  emit: ({ inputs: [q, k, v], outputs: [out, probabilities], attributes, temporary }) => {
    const scores = temporary();
    return [
      {
        opType: 'FusedMatMul',
        domain: 'com.microsoft',
        inputs: [q!, k!],
        outputs: [scores],
        ints: { transB: 1 },
        floats: { alpha: attributes.scale },
      },
      { opType: 'Softmax', inputs: [scores], outputs: [probabilities!], ints: { axis: -1 } },
      { opType: 'MatMul', inputs: [probabilities!, v!], outputs: [out!] },
    ];
  },
  vjp: ({ inputs: [q, k, v], outputs: [out, p], attributes: { scale: alpha }, grads: [g, gP], needs }) => {
    if (gP) throw new InternalError('attention: its probabilities carry no gradient');
    const dScores = mul(p!, sub(matmul(g!, v!, { transB: true }), sum(mul(g!, out!), [-1])));
    return [
      needs[0] ? matmul(dScores, k!, { alpha }) : undefined,
      needs[1] ? matmul(dScores, q!, { transA: true, alpha }) : undefined,
      needs[2] ? matmul(p!, g!, { transA: true }) : undefined,
    ];
  },
  work: ([q], [, probabilities]) => 4 * sizeOf(probabilities!.shape) * q!.shape.at(-1)!, // two products
});

/** softmax(scale q k^T) v, per head. */
export const attention = (q: Value, k: Value, v: Value, scale: number): Value => attentionOp.one([q, k, v], { scale });
