// Bytes that can be read anywhere in any order: a file, a Blob, or memory. Readers of large files take one, so that a
// checkpoint of gigabytes costs its directory only.
import { CheckpointError } from '../base/errors.ts';

export interface ByteSource {
  /** What messages call it: the path as the user gave it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Exactly `length` bytes. Rejects with CheckpointError where the source ends before, without allocating them. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Fails with one line that names the file. */
export type Fail = (why: string) => never;

export function failOf(source: { readonly name: string }): Fail {
  return (why) => {
    throw new CheckpointError(`${source.name}: ${why}`);
  };
}

/** A name from a foreign file as it may stand in a message: on one line, not endless. */
export function quoted(name: string): string {
  const text = JSON.stringify(name);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}

/** Throws CheckpointError unless `length` bytes from `offset` are inside. */
export function checkRange(source: Pick<ByteSource, 'name' | 'size'>, offset: number, length: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (!inside || offset + length > source.size)
    throw new CheckpointError(
      `${source.name}: is truncated or lies: ${length} bytes from byte ${offset} are needed, it has ${source.size}`,
    );
}

/** Bytes in memory. What is read shares that memory. */
export function memorySource(name: string, memory: Uint8Array): ByteSource {
  const source = { name, size: memory.length };
  const bytes = new Uint8Array(memory.buffer, memory.byteOffset, memory.length); // a Buffer's slice() doesn't copy
  return {
    ...source,
    async read(offset, length) {
      checkRange(source, offset, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}
