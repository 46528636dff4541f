// Reverse-mode differentiation: one walk back over the nodes that lie between the wanted values and the loss. Nodes below
// the first wanted value are never visited, so frozen layers there have no backward pass.
import { InternalError } from '../base/errors.ts';
import { type Shape, sameShape, showShape } from '../base/tensor.ts';
import { reachable } from './graph.ts';
import { add, scalar } from './ops/elementwise.ts';
import { sum } from './ops/reduce.ts';
import { reshape, zerosLike } from './ops/shape.ts';
import type { Value } from './types.ts';

/** Undoes broadcasting: sums `g` over the axes along which a value of `shape` was repeated. */
function unbroadcast(g: Value, shape: Shape): Value {
  if (sameShape(g.shape, shape)) return g;
  const lead = g.shape.length - shape.length;
  const axes = g.shape.flatMap((d, i) => (i < lead || (shape[i - lead] === 1 && d !== 1) ? [i] : []));
  return reshape(sum(g, axes), shape);
}

/**
 * Gradients of the scalar `loss` by each of `wrt`, as new values of the same graph. A value that the loss doesn't depend
 * on gets zeros. Throws InternalError where a needed operator has no gradient.
 */
export function gradients(loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length !== 0) throw new InternalError(`gradients: the loss is ${showShape(loss.shape)}, not a scalar`);
  const nodes = reachable([loss]);

  const active = new Set<Value>(wrt);
  for (const node of nodes)
    if (node.op.vjp !== 'none' && node.inputs.some((x) => active.has(x))) for (const y of node.outputs) active.add(y);

  const grads = new Map<Value, Value>([[loss, scalar(loss, 1)]]);
  for (const node of nodes.toReversed()) {
    const { op, inputs, outputs, attributes } = node;
    const outputGrads = outputs.map((y) => (active.has(y) ? grads.get(y) : undefined));
    if (op.vjp === 'none' || outputGrads.every((g) => g === undefined)) continue;
    const needs = inputs.map((x) => active.has(x));
    const inputGrads = op.vjp({ inputs, outputs, attributes, grads: outputGrads, needs });
    inputs.forEach((x, i) => {
      const g = inputGrads[i];
      if (!needs[i] || !g) return;
      const own = unbroadcast(g, x.shape);
      const sofar = grads.get(x);
      grads.set(x, sofar ? add(sofar, own) : own);
    });
  }
  return wrt.map((x) => grads.get(x) ?? zerosLike(loss, x.shape));
}
