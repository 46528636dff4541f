// Convolution with stride 1 (cross-correlation, as every deep-learning library has it) and its adjoint. Each one's gradient
// by its input is the other; both share the gradient by the kernel.
import { InternalError } from '../../base/errors.ts';
import { showShape } from '../../base/tensor.ts';
import { type BoundOp, defineOp } from '../op.ts';
import type { OnnxNode, TensorType, Value } from '../types.ts';
import { transpose } from './shape.ts';

type Padding = {
  /** Zeros on each side. */
  readonly padding: number;
};
type Size = readonly [number, number, number, number];

/** Shape of the result: `from` and `to` are the kernel's channel axes on the side of the input and of the output. */
function convolved(
  name: string,
  x: TensorType,
  kernel: TensorType,
  [from, to]: readonly [number, number],
  side: (size: number, kernelSize: number) => number,
): TensorType[] {
  if (x.shape.length !== 4 || kernel.shape.length !== 4 || x.shape[1] !== kernel.shape[from])
    throw new InternalError(`${name}: a kernel ${showShape(kernel.shape)} doesn't fit ${showShape(x.shape)}`);
  const [b, , h, w] = x.shape as Size;
  const [, , kh, kw] = kernel.shape as Size;
  const shape = [b, kernel.shape[to]!, side(h, kh), side(w, kw)];
  if (shape.some((n) => n < 1))
    throw new InternalError(`${name}: a kernel ${showShape(kernel.shape)} is too large for ${showShape(x.shape)}`);
  return [{ dtype: x.dtype, shape }];
}

const node = (opType: string, inputs: readonly string[], outputs: readonly string[], padding: number): OnnxNode[] => [
  { opType, inputs, outputs, ints: { pads: [padding, padding, padding, padding] } },
];

/**
 * Gradient of sum(g * conv2d(x, kernel)) by the kernel: again a convolution, of x by g with pictures and channels swapped.
 * x: (B, I, h, w), g: (B, O, h', w') -> (O, I, kh, kw).
 */
function kernelGradient(x: Value, g: Value, padding: number): Value {
  return transpose(conv2d(transpose(x, [1, 0, 2, 3]), transpose(g, [1, 0, 2, 3]), padding), [1, 0, 2, 3]);
}

/** x (B, I, h, w), kernel (O, I, kh, kw) -> (B, O, h + 2 padding - kh + 1, w + 2 padding - kw + 1). */
export const conv2dOp: BoundOp<Padding> = defineOp<Padding>({
  name: 'conv2d',
  infer: ([x, kernel], { padding }) => convolved('conv2d', x!, kernel!, [1, 0], (n, k) => n + 2 * padding - k + 1),
  emit: ({ inputs, outputs, attributes: { padding } }) => node('Conv', inputs, outputs, padding),
  vjp: ({ inputs: [x, kernel], attributes: { padding }, grads: [g], needs }) => [
    needs[0] ? convTranspose2d(g!, kernel!, padding) : undefined,
    needs[1] ? kernelGradient(x!, g!, padding) : undefined,
  ],
});

/** The adjoint: x (B, O, h, w), kernel (O, I, kh, kw) -> (B, I, h - 2 padding + kh - 1, w - 2 padding + kw - 1). */
export const convTranspose2dOp: BoundOp<Padding> = defineOp<Padding>({
  name: 'convTranspose2d',
  infer: ([x, kernel], { padding }) =>
    convolved('convTranspose2d', x!, kernel!, [0, 1], (n, k) => n - 2 * padding + k - 1),
  emit: ({ inputs, outputs, attributes: { padding } }) => node('ConvTranspose', inputs, outputs, padding),
  vjp: ({ inputs: [x, kernel], attributes: { padding }, grads: [g], needs }) => [
    needs[0] ? conv2d(g!, kernel!, padding) : undefined,
    needs[1] ? kernelGradient(g!, x!, padding) : undefined,
  ],
});

export const conv2d = (x: Value, kernel: Value, padding: number): Value => conv2dOp.one([x, kernel], { padding });
export const convTranspose2d = (x: Value, kernel: Value, padding: number): Value =>
  convTranspose2dOp.one([x, kernel], { padding });
