// Bytes for tests that build files by hand.

export type Part = string | number | Uint8Array | readonly number[];

function pieceOf(part: Part): Uint8Array {
  if (part instanceof Uint8Array) return part;
  return typeof part === 'string'
    ? Buffer.from(part, 'latin1')
    : Uint8Array.from(typeof part === 'number' ? [part] : part);
}

/** One array of text (a character a byte) and numbers (a byte each). */
export function bytes(...parts: readonly Part[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map(pieceOf)));
}

/** A little-endian integer of `width` bytes. */
export function little(value: number | bigint, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}
