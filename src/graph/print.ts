// A graph as text, one node a line, for snapshots and for people.
import { type DType, showShape } from '../base/tensor.ts';
import { type Graph, reachable } from './graph.ts';
import type { Value } from './types.ts';

const short = {
  float64: 'f64',
  float32: 'f32',
  float16: 'f16',
  bfloat16: 'bf16',
  int64: 'i64',
  int32: 'i32',
  int16: 'i16',
  int8: 'i8',
  uint64: 'u64',
  uint32: 'u32',
  uint16: 'u16',
  uint8: 'u8',
  bool: 'bool',
} as const satisfies Record<DType, string>;

/** `%2 f32[4, 5] = gemm(x, w) {transA: false, ...}` for every live node, then the outputs. */
export function printGraph(graph: Graph): string {
  const numbers = new Map<Value, number>();
  const nameOf = (v: Value) => (v.origin.kind === 'node' ? `%${numbers.get(v)}` : v.origin.name);
  const typeOf = (v: Value) => `${short[v.dtype]}${showShape(v.shape)}`;
  const lines = [...graph.inputs].map(([name, v]) => `input ${name} ${typeOf(v)}`);
  for (const { op, inputs, attributes, outputs } of reachable(graph.outputs.values())) {
    for (const y of outputs) numbers.set(y, numbers.size);
    const left = outputs.map((y) => `${nameOf(y)} ${typeOf(y)}`).join(', ');
    const settings = Object.entries(attributes).map(([k, v]) => `${k}: ${JSON.stringify(v)}`);
    const tail = settings.length > 0 ? ` {${settings.join(', ')}}` : '';
    lines.push(`${left} = ${op.name}(${inputs.map(nameOf).join(', ')})${tail}`);
  }
  for (const [name, v] of graph.outputs) lines.push(`output ${name} = ${nameOf(v)}`);
  return lines.join('\n');
}
