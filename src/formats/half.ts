// Half-precision floats, IEEE float16 and bfloat16, to and from float32; double precision to float32.
import { CheckpointError } from '../base/errors.ts';
import { float32, type Tensor } from '../base/tensor.ts';

const buffer = new DataView(new ArrayBuffer(4));

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function fromBfloat16(bits: number): number {
  buffer.setUint32(0, bits << 16);
  return buffer.getFloat32(0);
}

/** The nearest float16 of a number, ties to even; beyond the range, infinity. */
export function toFloat16(value: number): number {
  buffer.setFloat32(0, value);
  const bits = buffer.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const magnitude = Math.abs(value);
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundEven(magnitude * 2 ** 24); // subnormal; 1024 carries into the exponent
  const exponent = Math.floor(Math.log2(magnitude));
  const fixed = magnitude < 2 ** exponent ? exponent - 1 : magnitude >= 2 ** (exponent + 1) ? exponent + 1 : exponent;
  return sign | (((fixed + 15) << 10) + roundEven((magnitude / 2 ** fixed - 1) * 1024));
}

function roundEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}

/** A floating tensor as float32: exactly from the halves, rounded from float64. Throws CheckpointError for integers. */
export function widen(tensor: Tensor): Tensor<'float32'> {
  switch (tensor.dtype) {
    case 'float32':
      return tensor as Tensor<'float32'>;
    case 'float64':
      return float32(tensor.shape, Float32Array.from(tensor.data as Float64Array));
    case 'float16':
      return float32(tensor.shape, Float32Array.from(tensor.data as Uint16Array, fromFloat16));
    case 'bfloat16':
      return float32(tensor.shape, Float32Array.from(tensor.data as Uint16Array, fromBfloat16));
    default:
      throw new CheckpointError(`a weight is stored as ${tensor.dtype}; floating point is needed`);
  }
}

/** A float32 tensor rounded to float16. */
export function narrow(tensor: Tensor<'float32'>): Tensor<'float16'> {
  return { dtype: 'float16', shape: tensor.shape, data: Uint16Array.from(tensor.data, toFloat16) };
}
