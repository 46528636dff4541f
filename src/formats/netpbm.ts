// Binary Netpbm pictures (P5 grey, P6 RGB, 8 bits): a header of text, then the bytes as they are. Raw pixels of data sets
// (IDX, CIFAR) travel in it, as it costs nothing to write or read. http://netpbm.sourceforge.net/doc/ppm.html
import { DataError } from '../base/errors.ts';

export interface RawPixels {
  readonly width: number;
  readonly height: number;
  /** 1 = grey, 3 = RGB. */
  readonly channels: 1 | 3;
  /** height x width x channels, rows from the top. */
  readonly data: Uint8Array;
}

export function encodeNetpbm({ width, height, channels, data }: RawPixels): Uint8Array {
  const header = new TextEncoder().encode(`P${channels === 3 ? 6 : 5}\n${width} ${height}\n255\n`);
  const out = new Uint8Array(header.length + data.length);
  out.set(header);
  out.set(data, header.length);
  return out;
}

/** Longer headers hold comments that nobody writes into pictures for training. */
const maxHeader = 1024;

/** The pixels of a binary Netpbm file; undefined for any other. Throws DataError where it is damaged or of another depth. */
export function decodeNetpbm(name: string, bytes: Uint8Array, maxPixels: number): RawPixels | undefined {
  if (bytes[0] !== 0x50 || (bytes[1] !== 0x35 && bytes[1] !== 0x36)) return undefined;
  const text = new TextDecoder('latin1').decode(bytes.subarray(0, maxHeader));
  const gap = '(?:\\s|#[^\\n]*\\n)+';
  const header = new RegExp(`^P([56])${gap}(\\d{1,9})${gap}(\\d{1,9})${gap}(\\d{1,9})\\s`).exec(text);
  if (header === null) return undefined;
  const [, kind, ...numbers] = header;
  const [width, height, maximum] = numbers.map(Number) as [number, number, number];
  if (maximum !== 255)
    throw new DataError(`${name}: is a Netpbm file with ${maximum} as its largest value; only 255 is read`);
  const channels = kind === '6' ? 3 : 1;
  const size = width * height * channels;
  if (width === 0 || height === 0 || width * height > maxPixels)
    throw new DataError(`${name}: is ${width} x ${height} pixels; from 1 to ${maxPixels} are read`);
  if (bytes.length < header[0].length + size)
    throw new DataError(`${name}: can't be decoded: ends before its last pixel`);
  return { width, height, channels, data: bytes.subarray(header[0].length, header[0].length + size) };
}
