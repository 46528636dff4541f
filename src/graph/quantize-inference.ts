// Dynamic quantisation of linear layers for inference anywhere, in ONNX's own operators: a weight (out, in) becomes whole
// numbers with one scale an output, its input is quantised as a whole anew at each run, and the product is one of whole
// numbers (DynamicQuantizeLinear and MatMulInteger).
import { InternalError } from '../base/errors.ts';
import type { Tensor } from '../base/tensor.ts';
import { isFileSlice } from './graph.ts';
import { type QuantizedMatrix, type Quantizer, rounded, stored, transposedOf } from './quantize.ts';

/**
 * Weights are signed and of 7 bits. CPUs without VNNI add two products uint8 x int8 in 16 bits, and 2 x 255 x 63 still fits: the
 * result is the same on every machine. uint8 weights of 8 bits would be safe as well, but ONNX Runtime multiplies them at half
 * the speed, and what the eighth bit gains is lost in the activations, which have one scale for all.
 */
const largest = 63;

/** W (out, in) as MatMulInteger takes it, (in, out). */
export const quantizeWeight = ({ shape, data }: Tensor<'float32'>): QuantizedMatrix =>
  rounded(data, transposedOf(shape), largest);

/** Layers whose weight, by name, is wanted; they must lie in memory, in float32. */
export function dynamicQuantization(wanted: (weight: string) => boolean): Quantizer {
  return ({ node, weight }, { constant, temporary }) => {
    if (!wanted(weight.name)) return undefined;
    if (isFileSlice(weight.data) || weight.data.dtype !== 'float32' || !node.ints?.transB)
      throw new InternalError(`export: ${weight.name} can't be quantised`);
    const matrix = quantizeWeight(weight.data as Tensor<'float32'>);
    const values = constant(`${weight.name}.quantized`, stored(matrix.values));
    const scales = constant(`${weight.name}.scales`, stored(matrix.scales));

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
      { opType: 'MatMulInteger', inputs: [quantized, values, zero], outputs: [whole] },
      { opType: 'Cast', inputs: [whole], outputs: [product], ints: { to: 1 } }, // float32
      { opType: 'Mul', inputs: [scale, scales], outputs: [factors] },
      { opType: 'Mul', inputs: [product, factors], outputs: [scaled] },
      ...(bias === undefined ? [] : [{ opType: 'Add', inputs: [scaled, bias], outputs: [y] }]),
    ];
  };
}
