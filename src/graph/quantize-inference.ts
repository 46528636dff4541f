// Dynamic quantisation of linear layers for inference anywhere, in ONNX's own operators: a weight (out, in) becomes whole
// numbers with one scale an output, its input is quantised as a whole anew at each run, and the product is one of whole
// numbers (DynamicQuantizeLinear and MatMulInteger).
import { InternalError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { isFileSlice } from './graph.ts';
import { type QuantizedMatrix, type Quantizer, roundInto, stored, transposedOf } from './quantize.ts';

/**
 * Weights are uint8 around this zero point, not int8: products of uint8 and int8 overflow 16 bits in ONNX Runtime's kernels
 * for CPUs without VNNI, and results would depend on the machine.
 */
const zeroPoint = 128;

/** W (out, in) as MatMulInteger takes it, (in, out). */
export function quantizeWeight({ shape, data }: Tensor<'float32'>): QuantizedMatrix<'uint8'> {
  const layout = transposedOf(shape);
  const values = new Uint8Array(data.length);
  const scales = roundInto(values, data, layout, zeroPoint);
  return { values: { dtype: 'uint8', shape: layout.shape, data: values }, scales };
}

/** Layers whose weight, by name, is wanted; they must lie in memory, in float32. */
export function dynamicQuantization(wanted: (weight: string) => boolean): Quantizer {
  return ({ node, weight }, { literal, constant, temporary }) => {
    if (!wanted(weight.name)) return undefined;
    if (isFileSlice(weight.data) || weight.data.dtype !== 'float32' || !node.ints?.transB)
      throw new InternalError(`export: ${weight.name} can't be quantised`);
    const matrix = quantizeWeight(weight.data as Tensor<'float32'>);
    const values = constant(`${weight.name}.quantized`, stored(matrix.values));
    const scales = constant(`${weight.name}.scales`, stored(matrix.scales));
    const weightZero = literal({ dtype: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) });

    const [x, , bias] = node.inputs;
    const y = node.outputs[0]!;
    const [quantized, scale, zero, whole, product, factors] = Array.from({ length: 6 }, temporary) as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const scaled = bias === undefined ? y : temporary();
    return [
      { opType: 'DynamicQuantizeLinear', inputs: [x!], outputs: [quantized, scale, zero] },
      { opType: 'MatMulInteger', inputs: [quantized, values, zero, weightZero], outputs: [whole] },
      { opType: 'Cast', inputs: [whole], outputs: [product], ints: { to: 1 } }, // float32
      { opType: 'Mul', inputs: [scale, scales], outputs: [factors] },
      { opType: 'Mul', inputs: [product, factors], outputs: [scaled] },
      ...(bias === undefined ? [] : [{ opType: 'Add', inputs: [scaled, bias], outputs: [y] }]),
    ];
  };
}
