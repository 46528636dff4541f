// Patch embeddings for patches of another size: the weights that give the resized patch what the old ones gave the patch, in
// the least-squares sense (FlexiViT's PI-resize; Beyer et al. 2023, section 3.4).
import { float32, type Tensor } from '../base/tensor.ts';
import { type Resampling, tapsFor } from './position-embedding.ts';

type Matrix = readonly Float64Array[];

/**
 * A resize is M, (to x from), along each axis, and the new weights are pinv(M^T) along each axis: the pseudo-inverse of a
 * Kronecker product is that of its factors. M has full rank, so that pinv(M^T) is M (M^T M)^-1 or (M M^T)^-1 M.
 */
function pseudoResize(from: number, to: number, kind: Resampling): Matrix {
  const m = tapsFor(from, to, kind).map((taps) => {
    const row = new Float64Array(from);
    for (const [index, weight] of taps) row[index]! += weight;
    return row;
  });
  const across = transpose(m, from);
  return to >= from ? product(m, inverse(product(across, m))) : product(inverse(product(m, across)), m);
}

const transpose = (m: Matrix, columns: number): Matrix =>
  Array.from({ length: columns }, (_, j) => Float64Array.from(m, (row) => row[j]!));

function product(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    Float64Array.from({ length: b[0]!.length }, (_, j) => row.reduce((sum, x, k) => sum + x * b[k]![j]!, 0)),
  );
}

/** By Gauss and Jordan, with the largest pivot of each column. */
function inverse(m: Matrix): Matrix {
  const n = m.length;
  const rows = m.map((row, i) => {
    const wide = new Float64Array(2 * n);
    wide.set(row);
    wide[n + i] = 1;
    return wide;
  });
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const own = rows[column]!;
    const scale = 1 / own[column]!;
    for (let k = 0; k < 2 * n; k++) own[k]! *= scale;
    for (const [i, row] of rows.entries()) {
      const factor = row[column]!;
      if (i !== column && factor !== 0) for (let k = 0; k < 2 * n; k++) row[k]! -= factor * own[k]!;
    }
  }
  return rows.map((row) => row.slice(n));
}

/** Patch weights (C, 3, P, P) for patches of `to` pixels; `kind` is how a patch would be resized. */
export function resamplePatches({ shape, data }: Tensor<'float32'>, to: number, kind: Resampling): Tensor<'float32'> {
  const [C, channels, P] = shape as readonly [number, number, number, number];
  if (P === to) return float32(shape, data);
  const matrix = pseudoResize(P, to, kind);
  const across = transpose(matrix, P); // (P, to)
  const out = new Float32Array(C * channels * to * to);
  for (let plane = 0; plane < C * channels; plane++) {
    const kernel = Array.from({ length: P }, (_, y) =>
      Float64Array.from(data.subarray(plane * P * P + y * P, plane * P * P + (y + 1) * P)),
    );
    product(product(matrix, kernel), across).forEach((row, y) => {
      out.set(row, plane * to * to + y * to);
    });
  }
  return float32([C, channels, to, to], out);
}
