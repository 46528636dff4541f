// A graph for other people's runtimes: ONNX's own operators instead of ONNX Runtime's, without outputs that nobody reads.
import { InternalError } from '../base/errors.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import type { OnnxNode } from './types.ts';

export interface Lowering {
  /** How many axes a value has. */
  readonly rank: (name: string) => number;
  readonly literal: (tensor: Tensor) => string;
  readonly temporary: () => string;
  /** Whether anything reads a value. */
  readonly isRead: (name: string) => boolean;
}

/** alpha A^T B^T as Transpose, MatMul and Mul. */
function plainProduct({ inputs, outputs, ints, floats }: OnnxNode, lowering: Lowering): readonly OnnxNode[] {
  const nodes: OnnxNode[] = [];
  const factors = inputs.map((name, i) => {
    if (!ints?.[i === 0 ? 'transA' : 'transB']) return name;
    const rank = lowering.rank(name);
    const perm = Array.from({ length: rank }, (_, axis) => axis)
      .with(-1, rank - 2)
      .with(-2, rank - 1);
    const turned = lowering.temporary();
    nodes.push({ opType: 'Transpose', inputs: [name], outputs: [turned], ints: { perm } });
    return turned;
  });
  const alpha = floats?.alpha ?? 1;
  const product = alpha === 1 ? outputs[0]! : lowering.temporary();
  nodes.push({ opType: 'MatMul', inputs: factors, outputs: [product] });
  if (alpha !== 1) nodes.push({ opType: 'Mul', inputs: [product, lowering.literal(float32([], [alpha]))], outputs });
  return nodes;
}

/** The same computation in operators of ONNX's own domain. Throws InternalError for one that has no such form. */
export function portable(node: OnnxNode, lowering: Lowering): readonly OnnxNode[] {
  if (node.domain !== undefined) {
    if (node.opType !== 'FusedMatMul')
      throw new InternalError(`export: ${node.opType} has no form in ONNX's own operators`);
    return plainProduct(node, lowering);
  }
  const last = node.outputs.findLastIndex(lowering.isRead);
  return [{ ...node, outputs: node.outputs.slice(0, Math.max(last, 0) + 1) }];
}
