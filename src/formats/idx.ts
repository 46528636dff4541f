// The header of an IDX file, MNIST's format: two zeros, the type, the number of dimensions, then each as 32 bits, big end first.
// https://yann.lecun.org/exdb/mnist/
import { DataError } from '../base/errors.ts';

export interface IdxHeader {
  readonly shape: readonly number[];
  /** Where the data begins. */
  readonly offset: number;
}

/** Four dimensions (pictures, rows, columns, colours) are the most that pictures have. */
export const maxIdxHeader = 4 + 4 * 4;
const unsignedByte = 0x08;

/** Parses the first bytes of a file of `size` bytes. Throws DataError unless it is whole and of unsigned bytes. */
export function parseIdxHeader(head: Uint8Array, size: number): IdxHeader {
  const dimensions = head[3] ?? 0;
  const offset = 4 + 4 * dimensions;
  if (head[0] !== 0 || head[1] !== 0 || dimensions < 1 || offset > maxIdxHeader)
    throw new DataError('is no IDX file: it begins with other bytes');
  if (head[2] !== unsignedByte)
    throw new DataError(`holds values of type 0x${head[2]!.toString(16)}; only unsigned bytes (0x8) are read`);
  if (head.length < offset) throw new DataError('ends inside its header; it was cut off');
  const view = new DataView(head.buffer, head.byteOffset);
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const wanted = offset + shape.reduce((a, b) => a * b, 1);
  if (size < wanted) throw new DataError(`is ${size} bytes long but announces ${wanted}; it was cut off`);
  if (size > wanted) throw new DataError(`is ${size} bytes long but announces ${wanted}`);
  return { shape, offset };
}
