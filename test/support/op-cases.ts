// The op table's cases: inputs, torch's values, and how each case is applied in a graph.
import { readFileSync } from 'node:fs';
import type { Tensor } from '../../src/base/tensor.ts';
import { openSafetensors } from '../../src/formats/safetensors-file.ts';
import { attention } from '../../src/graph/ops/attention.ts';
import { conv2d } from '../../src/graph/ops/conv.ts';
import { geluTanh, mul, quickGelu, silu } from '../../src/graph/ops/elementwise.ts';
import { opTable } from '../../src/graph/ops/index.ts';
import { gemm, linear, matmul } from '../../src/graph/ops/linear.ts';
import { crossEntropy } from '../../src/graph/ops/loss.ts';
import { l2Normalize, layerNorm } from '../../src/graph/ops/norm.ts';
import { concat, slice, split, transpose } from '../../src/graph/ops/shape.ts';
import type { Attributes, Value } from '../../src/graph/types.ts';

export interface OpCase {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly { readonly shape: readonly number[]; readonly kind?: string }[];
  readonly attributes: Attributes;
  /** Outputs that torch gives too; left out = all. */
  readonly outputs?: readonly number[];
  /** Not a row of the table but a function of several. */
  readonly composed?: boolean;
}

const folder = new URL('../fixtures/ops/', import.meta.url);
export const opCases = JSON.parse(readFileSync(new URL('cases.json', folder), 'utf8')) as readonly OpCase[];

type Apply = (inputs: readonly Value[], attributes: Attributes) => readonly Value[];

const composed: Readonly<Record<string, Apply>> = {
  silu: ([x]) => [silu(x!)],
  geluTanh: ([x]) => [geluTanh(x!)],
  quickGelu: ([x]) => [quickGelu(x!)],
  l2Normalize: ([x]) => [l2Normalize(x!)],
  crossEntropy: ([x, y], { smoothing }) => [crossEntropy(x!, y!, smoothing as number)],
  linear: ([x, w, b]) => [linear(x!, w!, b)],
  gemmOfGemm: ([x, w, z]) => [gemm(gemm(x!, w!, { transB: true }), z!, { transA: true })],
  gram: ([x]) => [matmul(transpose(x!, [0, 2, 1]), x!)],
  selfAttention: ([x]) => [attention(x!, x!, x!, 1 / Math.sqrt(3))],
  square: ([x]) => [mul(x!, x!)],
  shuffle([x]) {
    const [a, b, c] = split(x!, 1, [1, 3, 2]);
    return [slice(concat([c!, a!, b!], 1), 1, 1, 5)];
  },
  convTwice: ([x, w]) => [conv2d(conv2d(x!, w!, 1), w!, 1)],
  normTwice: ([x, g, b]) => [layerNorm(layerNorm(x!, g!, b!, 1e-6), g!, b!, 1e-6)],
};

export function applyCase({ op, attributes }: OpCase, inputs: readonly Value[]): readonly Value[] {
  const apply = composed[op];
  if (apply) return apply(inputs, attributes);
  const row = opTable.find((record) => record.name === op);
  if (!row) throw new Error(`no operator is called ${op}`);
  return inputs[0]!.graph.apply(row, inputs, attributes).outputs;
}

/** torch's tensors of a case: `input`, `output`, `cotangent`, `grad` by index. */
export async function openValues(): Promise<
  (name: string, kind: string, index: number) => Promise<Tensor | undefined>
> {
  const file = await openSafetensors(new URL('values.safetensors', folder).pathname);
  return async (name, kind, index) => {
    const key = `${name}/${kind}.${index}`;
    return file.tensors.has(key) ? await file.read(key) : undefined;
  };
}
