// NumPy's .npy format (numpy/lib/format.py): magic, version, a header in the form of a Python dict, then the elements.
import { bytesPerElement, type Shape, sizeOf, type Tensor } from '../../base/tensor.ts';
import { type ByteSource, type Fail, quoted } from '../byte-source.ts';
import { columnMajor, gather, isPlain, isShape, type Layout, rowMajor } from '../elements.ts';
import type { Place, StoredTensor } from '../stored-tensor.ts';
import { elementType } from './dtype.ts';

export interface NpyHeader extends Layout {
  /** Where the elements start, bytes from the magic. */
  readonly dataOffset: number;
}

/** NumPy itself refuses headers of over 10,000 characters; an array of numbers needs 128. */
export const maxNpyHead = 12_000;

export function isNpy(head: Uint8Array): boolean {
  return head[0] === 0x93 && String.fromCharCode(...head.subarray(1, 6)) === 'NUMPY';
}

/** Reads the header from the first bytes of a file of `size` bytes, and checks that the elements fill it. */
export function parseNpyHeader(head: Uint8Array, size: number, fail: Fail): NpyHeader {
  if (!isNpy(head) || head.length < 12) return fail('is no .npy array');
  const version = head[6]!;
  if (version < 1 || version > 3) return fail(`is a .npy array of version ${version}; 1 to 3 are read`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxNpyHead - start) return fail(`claims a .npy header of ${length} bytes`);
  if (start + length > head.length) return fail('is truncated within its .npy header');
  const text = new TextDecoder().decode(head.subarray(start, start + length));

  const descr = /'descr': *'([^']*)'/.exec(text)?.[1];
  if (descr === undefined) return fail('has a .npy header without a plain type; tables and structures are not read');
  if (descr.includes('O')) return fail('is an array of Python objects, which are never read');
  const type = elementType(descr);
  if (!type) return fail(`has elements of NumPy type ${quoted(descr)}; numbers and booleans are read`);
  const fortran = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const sizes = /'shape': *\(([\dL, ]*)\)/.exec(text)?.[1];
  if (fortran === undefined || sizes === undefined) return fail('has a .npy header without order or shape');
  const shape: Shape = sizes
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => (/^ *\d{1,15}L? *$/.test(part) ? Number.parseInt(part, 10) : -1)); // L: Python 2's long
  if (!isShape(shape)) return fail(`has a .npy header with shape (${sizes.slice(0, 80)})`);

  const dataOffset = start + length;
  const needed = sizeOf(shape) * bytesPerElement[type.dtype];
  if (size - dataOffset !== needed)
    return fail(`has ${size - dataOffset} bytes of elements, its header needs ${needed}`);
  const strides = (fortran === 'True' ? columnMajor : rowMajor)(shape);
  return { ...type, shape, strides, dataOffset };
}

/** The array as a tensor to be read from `read`, which yields the whole file's bytes from the magic on. */
export function storedArray(
  header: NpyHeader,
  read: (offset: number, length: number) => Promise<Uint8Array>,
  /** Where the magic lies, if the bytes lie somewhere as they are. */
  origin: { readonly source: ByteSource; readonly offset: number } | undefined,
): StoredTensor {
  const { dtype, shape, dataOffset } = header;
  const byteLength = sizeOf(shape) * bytesPerElement[dtype];
  const load = async (): Promise<Tensor> => gather(await read(dataOffset, byteLength), header);
  if (!origin || byteLength === 0 || !isPlain(header)) return { dtype, shape, load };
  const place: Place = { source: origin.source, offset: origin.offset + dataOffset, byteLength };
  return { dtype, shape, load, place };
}
