// Channel-wise factors and shifts that methods put on a layer's output, and how they merge into the layer before.
import { float32, type Tensor } from '../base/tensor.ts';
import { add, mul } from '../graph/ops/elementwise.ts';
import { reshape } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import type { Affine, MethodContext } from '../model/sites.ts';

const one: Tensor<'float32'> = float32([1], [1]);

/** A trained factor; the merge factor goes from 1 to it. */
export const factor = (context: MethodContext, trained: Value): Value =>
  context.interpolate(
    () => trained.graph.literal(one),
    () => trained,
  );

/** The layer that gives `scale` times the output plus `shift`; rows of the weight are outputs. */
export function scaledLayer({ weight, bias }: Affine, scale: Value, shift?: Value): Affine {
  const rows = weight.shape.length === 1 ? scale : reshape(scale, [scale.shape[0]!, 1]);
  const scaled = bias && mul(bias, scale);
  return {
    weight: mul(weight, rows),
    bias: scaled && shift ? add(scaled, shift) : (scaled ?? shift),
  };
}
