// Position embeddings for another patch grid. Four resamplings are in use, one a library; using another one's moves features
// by O(1). All work separably, rows then columns, with half-pixel centres (align_corners false).
import { float32, type Tensor } from '../base/tensor.ts';

/**
 * `bicubic`: a = -0.75, no antialiasing (transformers' ViT and DINOv2). `bicubic_antialias`: a = -0.5, filter widened when
 * shrinking (timm; DINOv2 with registers). `bicubic_offset`: a = -0.75 with the scale (n + 0.1) / old (DINOv2's own code).
 * `bilinear`: no antialiasing (Google's npz checkpoints in timm).
 */
export type Resampling = 'bicubic' | 'bicubic_antialias' | 'bicubic_offset' | 'bilinear';

type Grid = readonly [rows: number, columns: number];
/** For each output index, the source indices and their weights. */
type Taps = readonly (readonly (readonly [index: number, weight: number])[])[];

/** Keys' cubic convolution kernel (1981). */
function cubic(x: number, a: number): number {
  const t = Math.abs(x);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return a * (((t - 5) * t + 8) * t - 4);
  return 0;
}

function interpolationTaps(from: number, to: number, kind: Resampling): Taps {
  // Single precision, as torch has it: the weights' fourth digit hangs on it.
  const scale = Math.fround(kind === 'bicubic_offset' ? from / (to + 0.1) : from / to);
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.fround(Math.fround((i + 0.5) * scale) - 0.5);
    const clamp = (k: number) => Math.min(Math.max(k, 0), from - 1);
    if (kind === 'bilinear') {
      const c = Math.max(centre, 0); // torch clamps the centre, not only the index
      const low = Math.floor(c);
      return [
        [clamp(low), 1 - (c - low)],
        [clamp(low + 1), c - low],
      ];
    }
    const low = Math.floor(centre);
    return [-1, 0, 1, 2].map((k) => [clamp(low + k), cubic(centre - (low + k), -0.75)] as const);
  });
}

/** The kernel is stretched when shrinking, cut at the border and normalised, as Pillow and torch's antialias do. */
function antialiasTaps(from: number, to: number): Taps {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - 2 * stretch + 0.5), 0);
    const last = Math.min(Math.trunc(centre + 2 * stretch + 0.5), from);
    const taps = Array.from(
      { length: last - first },
      (_, k) => [first + k, cubic((first + k - centre + 0.5) / stretch, -0.5)] as const,
    );
    const total = taps.reduce((n, [, weight]) => n + weight, 0);
    return taps.map(([index, weight]) => [index, weight / total] as const);
  });
}

/** How `to` samples of a line are made of `from`. */
export function tapsFor(from: number, to: number, kind: Resampling): Taps {
  return kind === 'bicubic_antialias' ? antialiasTaps(from, to) : interpolationTaps(from, to, kind);
}

/** Resamples a grid (rows x columns x channels), row-major. */
export function resampleGrid(
  data: Float32Array,
  from: Grid,
  to: Grid,
  channels: number,
  kind: Resampling,
): Float32Array {
  const [rowTaps, columnTaps] = [tapsFor(from[0], to[0], kind), tapsFor(from[1], to[1], kind)];
  const wide = new Float64Array(from[0] * to[1] * channels); // columns first, in double precision
  for (let y = 0; y < from[0]; y++)
    columnTaps.forEach((list, x) => {
      for (const [index, weight] of list)
        for (let c = 0; c < channels; c++)
          wide[(y * to[1] + x) * channels + c]! += weight * data[(y * from[1] + index) * channels + c]!;
    });
  const out = new Float64Array(to[0] * to[1] * channels);
  const row = to[1] * channels;
  rowTaps.forEach((list, y) => {
    for (const [index, weight] of list)
      for (let k = 0; k < row; k++) out[y * row + k]! += weight * wide[index * row + k]!;
  });
  return Float32Array.from(out);
}

/** Positions [1, prefix + rows*columns, C] for another grid; the rows of the `prefix` tokens before the patches stay as they are. */
export function resamplePositions(
  positions: Tensor<'float32'>,
  prefix: number,
  from: Grid,
  to: Grid,
  kind: Resampling,
): Tensor<'float32'> {
  const channels = positions.shape[2]!;
  if (from[0] === to[0] && from[1] === to[1]) return positions;
  const before = prefix * channels;
  const out = new Float32Array(before + to[0] * to[1] * channels);
  out.set(positions.data.subarray(0, before));
  out.set(resampleGrid(positions.data.subarray(before), from, to, channels, kind), before);
  return float32([1, prefix + to[0] * to[1], channels], out);
}
