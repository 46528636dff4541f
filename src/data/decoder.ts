// Decodes many pictures: in worker threads where there are enough to be worth their start, else right here. Both run the
// same code on the same bytes, so the results agree to the last bit.
import { availableParallelism } from 'node:os';
import { unreadable as noHash } from './content.ts';
import type { Picture } from './dataset.ts';
import { type Prepared, prepare, reasonFor } from './prepare.ts';
import { startThreads, threadsWork } from './threads.ts';
import type { Geometry } from './transform.ts';

export interface DecodeQuestion {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly geometry: Geometry;
}

/** A thread takes about a tenth of a second to start: the time of some dozen pictures. */
const worthThreads = 64;

/** As many as the machine has cores; VITUNE_DECODE_THREADS asks for fewer, or with 0 for none. */
export function decodeThreads(pictures: number): number {
  const wanted = Number(process.env.VITUNE_DECODE_THREADS ?? availableParallelism());
  return !threadsWork || pictures < worthThreads || !(wanted >= 1)
    ? 0
    : Math.min(Math.floor(wanted), availableParallelism());
}

export interface Decoder {
  /** Reads, decodes and resizes one picture. Rejects only when a thread died. */
  prepare(picture: Picture, geometry: Geometry): Promise<Prepared>;
  close(): void;
}

export function createDecoder(threads: number): Decoder {
  const pool = threads > 0 ? startThreads<DecodeQuestion, Prepared>('decode-worker', threads, undefined) : undefined;
  return {
    async prepare(picture, geometry) {
      const { name } = picture;
      let bytes: Uint8Array;
      try {
        bytes = await picture.read();
      } catch (failure) {
        return { hash: noHash, reason: reasonFor(name, failure) };
      }
      return pool ? pool.ask({ name, bytes, geometry }) : prepare(name, bytes, geometry);
    },
    close: () => pool?.close(),
  };
}
