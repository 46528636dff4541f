// Zip archives written by hand, so that tests can make them lie.
import { deflateRawSync } from 'node:zlib';
import { bytes, little } from './bytes.ts';

export interface Member {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** What the directory claims instead of the truth. */
  readonly claims?: Partial<{ size: number; compressed: number; offset: number; method: number; flags: number }>;
}

function crc32(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

export function zip(members: readonly Member[]): Uint8Array {
  const local: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, deflate = false, claims = {} } of members) {
    const packed = deflate ? deflateRawSync(data) : data;
    const { size = data.length, compressed = packed.length, offset = at, flags = 0 } = claims;
    const method = claims.method ?? (deflate ? 8 : 0);
    const fields = [
      ...little(20, 2),
      ...little(flags, 2),
      ...little(method, 2),
      ...little(0x00210000, 4), // 1 January 1980
      ...little(crc32(data), 4),
      ...little(compressed, 4),
      ...little(size, 4),
      ...little(name.length, 2),
      ...little(0, 2),
    ];
    local.push(bytes('PK', 3, 4, fields, name, packed));
    directory.push(bytes('PK', 1, 2, little(20, 2), fields, little(0, 10), little(offset, 4), name));
    at += local.at(-1)!.length;
  }
  const length = directory.reduce((n, entry) => n + entry.length, 0);
  const count = little(members.length, 2);
  return bytes(...local, ...directory, 'PK', 5, 6, little(0, 4), count, count, little(length, 4), little(at, 4), 0, 0);
}
