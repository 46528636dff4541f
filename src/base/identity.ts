// Identity by content: canonical JSON (sorted keys, no spaces) and its SHA-256. Runs in a browser too.
import { sha256 as digest } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { InternalError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

/** JSON with sorted keys; `undefined` fields are left out; numbers that JSON can't hold are refused. */
export function canonicalJson(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new InternalError(`canonical JSON holds finite numbers only, got ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const object = value as { readonly [key: string]: Json | undefined };
  const fields = Object.keys(object)
    .sort()
    .flatMap((key) => {
      const field = object[key];
      return field === undefined ? [] : [`${JSON.stringify(key)}:${canonicalJson(field)}`];
    });
  return `{${fields.join(',')}}`;
}

/** Hex SHA-256 of bytes or of a string's UTF-8. */
export function sha256(data: Uint8Array | string): string {
  return bytesToHex(digest(typeof data === 'string' ? utf8ToBytes(data) : data));
}

/** The id of a JSON value: the first 16 hex digits of its canonical form's SHA-256. */
export function identity(value: Json): string {
  return sha256(canonicalJson(value)).slice(0, 16);
}
