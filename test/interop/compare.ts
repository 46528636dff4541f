// Comparing numbers at the tolerances that the fixtures' README advises.
import type { Tensor } from '../../src/base/tensor.ts';
import type { Figure } from './case.ts';

export interface Tolerance {
  readonly absolute: number;
  /** Share of the wanted value. */
  readonly relative: number;
}

export const tolerances = {
  /** Features and logits: a correct float32 implementation is near 1e-5. */
  forward: { absolute: 5e-5, relative: 1e-4 },
  /** Theirs computed in half precision, ours with weights of half precision. */
  half: { absolute: 1e-2, relative: 5e-3 },
  loss: { absolute: 1e-5, relative: 0 },
  positions: { absolute: 1e-5, relative: 0 },
  /** Through a pseudo-inverse in single precision, theirs. */
  patches: { absolute: 2e-4, relative: 0 },
  /** Metrics and schedules. */
  scalar: { absolute: 1e-9, relative: 1e-6 },
} as const satisfies Record<string, Tolerance>;

/** Differences of two lists of numbers. Throws where their lengths differ; NaN counts as infinitely far. */
export function figure(
  name: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  { absolute, relative }: Tolerance,
): Figure {
  if (got.length !== want.length) throw new Error(`${name}: ${got.length} numbers, ${want.length} are wanted`);
  let error = 0;
  let excess = 0;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    if (!Number.isFinite(difference))
      return { name, error: Number.POSITIVE_INFINITY, excess: Number.POSITIVE_INFINITY };
    error = Math.max(error, difference);
    const allowed = absolute + relative * Math.abs(want[i]!);
    excess = Math.max(excess, allowed === 0 ? (difference === 0 ? 0 : Number.POSITIVE_INFINITY) : difference / allowed);
  }
  return { name, error, excess };
}

/** The same for tensors of floats. */
export function tensorFigure(name: string, got: Tensor | undefined, want: Tensor, tolerance: Tolerance): Figure {
  if (!got) throw new Error(`${name}: nothing of that name was computed`);
  return figure(name, got.data as Float32Array, want.data as Float32Array, tolerance);
}

/** Relative to the tensor's largest value: for gradients. */
export function gradientFigure(name: string, got: Tensor, want: Tensor): Figure {
  const size = (want.data as Float32Array).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
  // A gradient that is 0 in theory (the key bias) is rounding noise in both.
  return figure(name, got.data as Float32Array, want.data as Float32Array, {
    absolute: Math.max(1e-4 * size, 1e-6),
    relative: 0,
  });
}

/** The worst of several figures, under one name. */
export function worst(name: string, figures: readonly Figure[]): Figure {
  const { error, excess } = figures.reduce((a, b) => (b.excess > a.excess ? b : a));
  return { name, error, excess };
}
