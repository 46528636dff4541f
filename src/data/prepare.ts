// Encoded bytes -> the bytes that a pack holds, or the reason why not. Runs on the main thread and in workers alike.
import { DataError, messageOf } from '../base/errors.ts';
import { contentHash } from './content.ts';
import { decode } from './decode.ts';
import { type Geometry, transform } from './transform.ts';

export type Prepared =
  | { readonly hash: string; readonly pixels: Uint8Array }
  /** `reason` is one line that begins with the picture's name. */
  | { readonly hash: string; readonly reason: string };

/** Decodes and resizes one picture; never rejects. */
export async function prepare(name: string, bytes: Uint8Array, geometry: Geometry): Promise<Prepared> {
  const hash = contentHash(bytes);
  try {
    const pixels = await decode(name, bytes, Math.max(...geometry.imageSize, geometry.resizeTo));
    return { hash, pixels: transform(pixels, geometry) };
  } catch (failure) {
    return { hash, reason: reasonFor(name, failure) };
  }
}

/** One line that begins with the picture's name. */
export function reasonFor(name: string, failure: unknown): string {
  if (failure instanceof DataError) return messageOf(failure);
  if ((failure as NodeJS.ErrnoException).code === 'ENOENT') return `${name}: no such file`;
  return `${name}: can't be read: ${messageOf(failure)}`;
}
