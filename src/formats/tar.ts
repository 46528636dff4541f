// Headers of tar archives: ustar, GNU long names and pax paths (POSIX.1-2017, pax). Nothing is unpacked: a header says where
// an entry's bytes lie.
import { DataError } from '../base/errors.ts';

export const tarBlock = 512;

export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** `0` file, `5` folder, `L` GNU long name, `x` and `g` pax records; others are links and devices. */
  readonly type: string;
}

const text = (block: Uint8Array, start: number, length: number): string =>
  new TextDecoder().decode(block.subarray(start, start + length)).replace(/\0.*$/s, '');

/** Octal digits, or GNU's binary form for sizes of 8 GiB and more. */
function number(block: Uint8Array, start: number, length: number): number {
  if (block[start]! & 0x80) {
    let value = 0;
    for (let i = start + 1; i < start + length; i++) value = value * 256 + block[i]!;
    return value;
  }
  const digits = text(block, start, length).trim();
  return digits === '' ? 0 : /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
}

/** A header block; undefined for the zeros that end an archive. Throws DataError for anything else. */
export function parseTarHeader(block: Uint8Array): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  // The sum of all bytes, those of the checksum itself counted as spaces.
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
  const size = number(block, 124, 12);
  if (sum !== number(block, 148, 8) || !Number.isSafeInteger(size))
    throw new DataError('is no tar archive, or a damaged one: a header has a wrong checksum');
  const prefix = text(block, 257, 5) === 'ustar' && block[262] === 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return { name: prefix === '' ? name : `${prefix}/${name}`, size, type };
}

/** `path` and `size` of pax records (`<length> <key>=<value>\n`). */
export function parsePax(records: Uint8Array): { readonly path?: string; readonly size?: number } {
  const all = new TextDecoder().decode(records);
  const path = /(?:^|\n)\d+ path=([^\n]*)\n/.exec(all)?.[1];
  const size = /(?:^|\n)\d+ size=(\d+)\n/.exec(all)?.[1];
  return { ...(path === undefined ? {} : { path }), ...(size === undefined ? {} : { size: Number(size) }) };
}
