// Bytes for tests that build files by hand.

export type Part = string | number | Uint8Array | readonly number[];

/** One array of text (a character a byte) and numbers (a byte each). */
export function bytes(...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === 'string'
        ? [...part].map((character) => character.charCodeAt(0))
        : typeof part === 'number'
          ? [part]
          : [...part],
    ),
  );
}

/** A little-endian integer of `width` bytes. */
export function little(value: number | bigint, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 0xffn));
}
