// Training with frozen weights in int8: every product of activations or gradients with a frozen matrix is one of whole
// numbers, forward and backward (SwitchBack; Wortsman et al. 2023, arXiv 2304.13013), and everything else stays as it is.
// Each row of x, or of the gradient, has a scale of its own: with one for all, gradients of single layers turn away from
// the true ones (docs/performance.md).
import { float32, int64, type Tensor } from '../base/tensor.ts';
import {
  largestWhole,
  plainOf,
  type QuantizedMatrix,
  type Quantizer,
  type QuantizerTools,
  rounded,
  stored,
  transposedOf,
} from './quantize.ts';
import type { OnnxNode, Stored } from './types.ts';

/** A frozen weight W (out, in) in whole numbers, once for each direction: its scales belong to what a product keeps. */
export interface Int8Weight {
  /** W^T (in, out), one scale an output: y = x W^T. */
  readonly forward: { readonly values: Stored; readonly scales: Stored };
  /** W (out, in), one scale an input: dx = dy W. */
  readonly backward: { readonly values: Stored; readonly scales: Stored };
}

/** The weights in whole numbers, by name; undefined for those that stay as they are. */
export type Int8Weights = (name: string) => Int8Weight | undefined;

/** W (out, in) for both directions. */
export const int8Weight = ({
  shape,
  data,
}: Tensor<'float32'>): Readonly<Record<keyof Int8Weight, QuantizedMatrix>> => ({
  forward: rounded(data, transposedOf(shape)),
  backward: rounded(data, plainOf(shape)),
});

/** Activations are uint8 around this zero point: ONNX Runtime's kernels are fast for uint8 x int8 only. */
const zeroPoint = 128;
/** A row of zeros has this for its largest magnitude: a scale is never zero. */
const smallest = 1e-30;

interface QuantizedRows {
  /** x in whole numbers (M, K), and what each row is to be multiplied by (M, 1). */
  readonly values: string;
  readonly scales: string;
  readonly nodes: readonly OnnxNode[];
}

/** x (M, K), each row by its own largest magnitude. Its maximum and minimum cost less than its absolute values would. */
function quantizeRows(x: string, rows: number, { literal, constant, temporary }: QuantizerTools): QuantizedRows {
  const [high, low, negated, largest, scales, flat, values] = Array.from({ length: 7 }, temporary) as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const last = literal(int64([1], [-1]));
  const zeros: Tensor<'uint8'> = { dtype: 'uint8', shape: [rows], data: new Uint8Array(rows).fill(zeroPoint) };
  const zero = constant(`int8.zero_points.${rows}`, stored(zeros));
  return {
    values,
    scales,
    nodes: [
      { opType: 'ReduceMax', inputs: [x, last], outputs: [high], ints: { keepdims: 1 } },
      { opType: 'ReduceMin', inputs: [x, last], outputs: [low], ints: { keepdims: 1 } },
      { opType: 'Neg', inputs: [low], outputs: [negated] },
      { opType: 'Max', inputs: [high, negated, literal(float32([], [smallest]))], outputs: [largest] },
      { opType: 'Mul', inputs: [largest, literal(float32([], [1 / largestWhole]))], outputs: [scales] },
      { opType: 'Reshape', inputs: [scales, last], outputs: [flat] },
      { opType: 'QuantizeLinear', inputs: [x, flat, zero], outputs: [values], ints: { axis: 0 } },
    ],
  };
}

/** Writes the products with these weights in whole numbers. */
export function int8Products(weights: Int8Weights): Quantizer {
  const quantized = new Map<string, QuantizedRows>(); // q, k and v read the same rows
  return ({ node, rows, weight }, tools) => {
    const known = weights(weight.name);
    if (!known) return undefined;
    const direction = node.ints?.transB ? 'forward' : 'backward';
    const { values, scales } = known[direction];
    const add = (part: string, constant: Stored) => tools.constant(`${weight.name}.${direction}.${part}`, constant);

    const [x, , bias] = node.inputs;
    const y = node.outputs[0]!;
    const made = quantized.get(x!);
    const input = made ?? quantizeRows(x!, rows, tools);
    quantized.set(x!, input);
    const product = tools.temporary();
    const scaled = bias === undefined ? y : tools.temporary();
    return [
      ...(made ? [] : input.nodes),
      {
        opType: 'MatMulIntegerToFloat',
        domain: 'com.microsoft',
        inputs: [
          input.values,
          add('values', values),
          tools.literal(float32([], [1])),
          add('scales', scales),
          tools.literal({ dtype: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) }),
        ],
        outputs: [product],
      },
      { opType: 'Mul', inputs: [product, input.scales], outputs: [scaled] },
      ...(bias === undefined ? [] : [{ opType: 'Add', inputs: [scaled, bias], outputs: [y] }]),
    ];
  };
}
