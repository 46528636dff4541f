// NumPy's names of element types (`<f4`, `|u1`, ...).
import type { DType } from '../../base/tensor.ts';

export interface ElementType {
  readonly dtype: DType;
  readonly bigEndian: boolean;
}

/** V2 is how NumPy stores the bfloat16 of JAX's ml_dtypes, which it doesn't know. */
const types: ReadonlyMap<string, DType> = new Map([
  ['f8', 'float64'],
  ['f4', 'float32'],
  ['f2', 'float16'],
  ['V2', 'bfloat16'],
  ['i8', 'int64'],
  ['i4', 'int32'],
  ['i2', 'int16'],
  ['i1', 'int8'],
  ['u8', 'uint64'],
  ['u4', 'uint32'],
  ['u2', 'uint16'],
  ['u1', 'uint8'],
  ['b1', 'bool'],
]);

/** The type that a type string with its byte order names, or undefined. */
export function elementType(text: string): ElementType | undefined {
  const match = /^([<>|=]?)([a-zA-Z]\d)$/.exec(text);
  const dtype = match ? types.get(match[2]!) : undefined;
  return dtype && { dtype, bigEndian: match![1] === '>' };
}
