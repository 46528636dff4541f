// How the embedded database is opened.
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';

/** PostgreSQL's type number of `bytea`. */
const bytea = 17;

/**
 * Bytes are exchanged as text, hexadecimal, by Node's own code: PGlite's loops take twenty times as long (0.25 s of processor time a
 * megabyte), and a fully tuned ViT-B has 350 megabytes.
 */
const bytesAsHex: Pick<PGliteOptions, 'parsers' | 'serializers'> = {
  serializers: {
    [bytea]: (bytes: Uint8Array) =>
      `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`,
  },
  parsers: { [bytea]: (text: string) => Buffer.from(text.slice(2), 'hex') },
};

/** PostgreSQL's own 128 MB are cleared at every opening, for a store whose files the system keeps in memory anyway. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=32MB'];

export const pgliteOptions: PGliteOptions = { ...bytesAsHex, startParams };
