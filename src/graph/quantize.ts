// Dynamic quantisation of a linear layer: its weight (out, in) becomes whole numbers with one scale a row, its input is
// quantised anew at each run, and the product is one of whole numbers (ONNX's DynamicQuantizeLinear and MatMulInteger).
import { float32, type Tensor } from '../base/tensor.ts';
import type { OnnxNode } from './types.ts';

/**
 * Weights are uint8 around this zero point, not int8: products of uint8 and int8 overflow 16 bits in ONNX Runtime's kernels
 * for CPUs without VNNI, and results would depend on the machine.
 */
const zeroPoint = 128;
const limit = 127;

export interface QuantizedWeight {
  /** (in, out), as MatMulInteger takes it. */
  readonly values: Tensor<'uint8'>;
  /** One a column, (out). */
  readonly scales: Tensor<'float32'>;
}

/** Symmetric, one scale a row: the row's largest magnitude becomes 127. */
export function quantizeWeight({ shape, data }: Tensor<'float32'>): QuantizedWeight {
  const [out, into] = shape as [number, number];
  const values = new Uint8Array(data.length);
  const scales = new Float32Array(out);
  for (let i = 0; i < out; i++) {
    let largest = 0;
    for (let j = 0; j < into; j++) largest = Math.max(largest, Math.abs(data[i * into + j]!));
    const scale = largest === 0 ? 1 : largest / limit;
    scales[i] = scale;
    for (let j = 0; j < into; j++) values[j * out + i] = Math.round(data[i * into + j]! / scale) + zeroPoint;
  }
  return { values: { dtype: 'uint8', shape: [into, out], data: values }, scales: float32([out], scales) };
}

/** y = x W^T + b from quantised weights. `names`: of the weight's values and scales, which are added to the graph. */
export function quantizedLinear(
  { inputs: [x, , bias], outputs: [y] }: OnnxNode,
  names: { readonly values: string; readonly scales: string },
  literal: (tensor: Tensor) => string,
  temporary: () => string,
): readonly OnnxNode[] {
  const [quantized, scale, zero, whole, product, factors] = Array.from({ length: 6 }, temporary) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const scaled = bias === undefined ? y! : temporary();
  const weightZero = literal({ dtype: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) });
  return [
    { opType: 'DynamicQuantizeLinear', inputs: [x!], outputs: [quantized, scale, zero] },
    { opType: 'MatMulInteger', inputs: [quantized, names.values, zero, weightZero], outputs: [whole] },
    { opType: 'Cast', inputs: [whole], outputs: [product], ints: { to: 1 } }, // float32
    { opType: 'Mul', inputs: [scale, names.scales], outputs: [factors] },
    { opType: 'Mul', inputs: [product, factors], outputs: [scaled] },
    ...(bias === undefined ? [] : [{ opType: 'Add', inputs: [scaled, bias], outputs: [y!] }]),
  ];
}
