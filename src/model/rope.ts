// Rotary positions (Su et al. 2021) over a patch grid as DINOv3 has them (Siméoni et al. 2025): of each head's channels a
// quarter turns with the row, a quarter with the column, each pair of halves by the same angle. Other tokens don't turn.
import { float32, type Tensor } from '../base/tensor.ts';
import { add, mul, neg } from '../graph/ops/elementwise.ts';
import { concat, reshape, slice } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { gridOf, type VitConfig } from './config.ts';
import type { Network } from './network.ts';
import type { Layout } from './tokens.ts';

/** Angle of each patch and channel, (n*m, d): 2 pi x (centre of the patch in -1..1) x theta^(-4k/d). */
function angles(config: VitConfig): Float32Array {
  const [rows, columns] = gridOf(config);
  const d = config.width / config.heads;
  const quarter = d / 4;
  const out = new Float32Array(rows * columns * d);
  for (let patch = 0; patch < rows * columns; patch++) {
    const centre = [
      (2 * (Math.floor(patch / columns) + 0.5)) / rows - 1,
      (2 * ((patch % columns) + 0.5)) / columns - 1,
    ] as const;
    for (let c = 0; c < d; c++) {
      const k = c % (d / 2); // both halves of the channels turn alike
      const frequency = (config.ropeTheta ?? 1) ** -((4 * (k % quarter)) / d);
      out[patch * d + c] = 2 * Math.PI * centre[k < quarter ? 0 : 1] * frequency;
    }
  }
  return out;
}

/** `of` each patch's angles, and of 0 for the other tokens: (N, 1, d). */
function table(config: VitConfig, layout: Layout, of: (angle: number) => number): Tensor<'float32'> {
  const d = config.width / config.heads;
  const rows = layout.map(({ name, count }) =>
    name === 'patches' ? angles(config).map(of) : new Float32Array(count * d).fill(of(0)),
  );
  const N = layout.reduce((n, { count }) => n + count, 0);
  const data = new Float32Array(N * d);
  let at = 0;
  for (const part of rows) {
    data.set(part, at);
    at += part.length;
  }
  return float32([N, 1, d], data);
}

/** Turns the patches' queries or keys (B, N, C) by their places. */
export function rotate(net: Network, x: Value, layout: Layout): Value {
  const { config } = net;
  const [B, N, C] = x.shape as [number, number, number];
  const d = C / config.heads;
  const key = layout.map(({ name, count }) => `${name}${count}`).join(',');
  const constant = (name: string, of: (angle: number) => number) => {
    const tensor = table(config, layout, of);
    return net.options.graph.constant(`rope.${name}(${key})`, tensor, tensor);
  };
  const heads = reshape(x, [B, N, config.heads, d]);
  const half = concat([neg(slice(heads, 3, d / 2, d)), slice(heads, 3, 0, d / 2)], 3);
  return reshape(add(mul(heads, constant('cos', Math.cos)), mul(half, constant('sin', Math.sin))), [B, N, C]);
}
