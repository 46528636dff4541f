// Reads the files of a checkpoint once: their SHA-256, and whether the weights that lie in them are all finite.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError } from '../base/errors.ts';
import { bytesPerElement, type DType } from '../base/tensor.ts';
import type { FileSlice } from '../graph/types.ts';

/** A weight as it lies in its file. */
export interface LyingWeight {
  /** As the file calls it. */
  readonly name: string;
  readonly dtype: DType;
  readonly slice: FileSlice;
}

/** Bytes read at a time. Elements that begin in a chunk and end in the next are seen whole through a margin. */
const chunkBytes = 1 << 20;
const margin = 8;

/** Whether the little-endian element at `at` is infinite or NaN: all bits of its exponent are set. */
const infinite: Readonly<Partial<Record<DType, (bytes: Uint8Array, at: number) => boolean>>> = {
  float64: (b, at) => (b[at + 7]! & 0x7f) === 0x7f && (b[at + 6]! & 0xf0) === 0xf0,
  float32: (b, at) => (b[at + 3]! & 0x7f) === 0x7f && (b[at + 2]! & 0x80) !== 0,
  bfloat16: (b, at) => (b[at + 1]! & 0x7f) === 0x7f && (b[at]! & 0x80) !== 0,
  float16: (b, at) => (b[at + 1]! & 0x7c) === 0x7c,
};

/** Throws CheckpointError: the one message for a weight that is no number. */
export function refuseInfinite(name: string): never {
  throw new CheckpointError(
    `weight ${name}: has NaN or infinite values; the file is damaged, or the training that made it diverged`,
  );
}

/**
 * SHA-256 of a file; of several, in the order of their names, one after the other. Rejects with CheckpointError for a
 * weight of `lying` that holds NaN or infinity.
 */
export async function checksum(paths: readonly string[], lying: readonly LyingWeight[]): Promise<string> {
  const hash = createHash('sha256');
  const buffer = new Uint8Array(chunkBytes + margin);
  for (const path of paths.toSorted()) {
    const own = lying
      .filter(({ slice }) => join(slice.folder, slice.file) === path)
      .toSorted((a, b) => a.slice.offset - b.slice.offset);
    const file = await open(path);
    try {
      let next = 0; // the first weight that doesn't end before the chunk
      for (let start = 0; ; start += chunkBytes) {
        const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
        const end = Math.min(bytesRead, chunkBytes);
        hash.update(buffer.subarray(0, end));
        while (next < own.length && endOf(own[next]!) <= start) next++;
        for (let i = next; i < own.length && own[i]!.slice.offset < start + end; i++)
          if (hasInfinite(own[i]!, buffer, start, start + end)) refuseInfinite(own[i]!.name);
        if (bytesRead <= chunkBytes) break;
      }
    } finally {
      await file.close();
    }
  }
  return hash.digest('hex');
}

const endOf = ({ slice }: LyingWeight): number => slice.offset + slice.byteLength;

/** Looks at the weight's elements that begin in [start, end) of the file; `bytes` begins at `start`. */
function hasInfinite({ dtype, slice }: LyingWeight, bytes: Uint8Array, start: number, end: number): boolean {
  const test = infinite[dtype];
  if (!test) return false;
  const step = bytesPerElement[dtype];
  const passed = Math.max(0, Math.ceil((start - slice.offset) / step));
  const last = Math.min(end, slice.offset + slice.byteLength) - start;
  for (let at = slice.offset + passed * step - start; at < last; at += step) if (test(bytes, at)) return true;
  return false;
}
