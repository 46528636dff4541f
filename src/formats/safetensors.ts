// The safetensors format (huggingface/safetensors): 8 bytes of header length, a JSON header, then the tensors' bytes. Pure
// functions on bytes, for files from anywhere: every claim of the header is checked before it is used.
import { CheckpointError, messageOf } from '../base/errors.ts';
import { bytesOf, bytesPerElement, type DType, type Shape, showShape, sizeOf, type Tensor } from '../base/tensor.ts';
import type { ByteSource } from './byte-source.ts';
import { maxRank } from './elements.ts';

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The reference implementation's own limit: a header beyond it is an attack or a mistake. */
export const maxHeaderBytes = 100_000_000;
/** No vision transformer comes near; beyond it the header alone would take gigabytes. */
const maxTensors = 200_000;

const dtypes: Readonly<Record<string, DType>> = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  I32: 'int32',
  I16: 'int16',
  I8: 'int8',
  U64: 'uint64',
  U32: 'uint32',
  U16: 'uint16',
  U8: 'uint8',
  BOOL: 'bool',
};
const codes = Object.fromEntries(Object.entries(dtypes).map(([code, dtype]) => [dtype, code])) as Record<DType, string>;

/** The header's length from the file's first 8 bytes. Throws CheckpointError where it can't be. */
export function headerLength(name: string, first8: Uint8Array, fileSize: number): number {
  if (first8.length < 8 || fileSize < 8)
    throw new CheckpointError(`${name}: is ${fileSize} bytes long, too short for a safetensors file`);
  const length = Number(new DataView(first8.buffer, first8.byteOffset, 8).getBigUint64(0, true));
  if (length > maxHeaderBytes)
    throw new CheckpointError(`${name}: claims a header of ${length} bytes; is it a safetensors file?`);
  if (8 + length > fileSize)
    throw new CheckpointError(`${name}: is truncated: ${fileSize} bytes, its header alone needs ${8 + length}`);
  return length;
}

/** Reads and checks the header of a whole file. Throws CheckpointError. */
export async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  const length = headerLength(source.name, await source.read(0, Math.min(8, source.size)), source.size);
  return parseHeader(source.name, await source.read(8, length), source.size);
}

/** Reads and checks a header of `header.length` bytes. Throws CheckpointError. */
export function parseHeader(name: string, header: Uint8Array, fileSize: number): SafetensorsHeader {
  const fail = (why: string): never => {
    throw new CheckpointError(`${name}: ${why}`);
  };
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch (cause) {
    throw new CheckpointError(`${name}: its header is not JSON (${messageOf(cause)}); is it a safetensors file?`, {
      cause,
    });
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return fail('its header is not a JSON object');
  const base = 8 + header.length;
  const entries = Object.entries(json as Record<string, unknown>);
  if (entries.length > maxTensors) return fail(`names ${entries.length} tensors; at most ${maxTensors} are read`);

  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [tensorName, value] of entries) {
    if (tensorName === '__metadata__') {
      metadata = parseMetadata(value) ?? fail('its __metadata__ must hold strings only');
      continue;
    }
    tensors.set(tensorName, parseEntry(tensorName, value, base, fail));
  }
  checkLayout([...tensors], base, fileSize, fail);
  return { tensors, metadata };
}

function parseMetadata(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.values(value).every((v) => typeof v === 'string') ? (value as Record<string, string>) : undefined;
}

const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;

function parseEntry(name: string, value: unknown, base: number, fail: (why: string) => never): TensorEntry {
  const { dtype: code, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const dtype = typeof code === 'string' && Object.hasOwn(dtypes, code) ? dtypes[code] : undefined;
  if (!dtype)
    return fail(`tensor ${name} has type ${JSON.stringify(code)}; known are ${Object.keys(dtypes).join(', ')}`);
  if (!Array.isArray(shape) || shape.length > maxRank || !shape.every(isCount))
    return fail(
      `tensor ${name} has shape ${JSON.stringify(shape)?.slice(0, 80)}; up to ${maxRank} sizes of at least 0 are allowed`,
    );
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount) || offsets[1] < offsets[0])
    return fail(`tensor ${name} has data_offsets ${JSON.stringify(offsets)?.slice(0, 80)}; [start, end] is needed`);
  const [start, end] = offsets as [number, number];
  const wanted = sizeOf(shape) * bytesPerElement[dtype];
  if (!Number.isSafeInteger(wanted) || end - start !== wanted)
    return fail(
      `tensor ${name} ${showShape(shape)} of ${code} needs ${wanted} bytes, its data_offsets span ${end - start}`,
    );
  return { dtype, shape, offset: base + start, byteLength: end - start };
}

/** Tensors lie one behind the other without gap or overlap, and fill the file: the format's own rule. */
function checkLayout(
  entries: [string, TensorEntry][],
  base: number,
  fileSize: number,
  fail: (why: string) => never,
): void {
  let end = base;
  for (const [name, entry] of entries.toSorted(
    (a, b) => a[1].offset - b[1].offset || a[1].byteLength - b[1].byteLength,
  )) {
    if (entry.offset !== end) fail(`tensor ${name} starts at byte ${entry.offset}, the one before it ends at ${end}`);
    end = entry.offset + entry.byteLength;
  }
  if (end > fileSize) fail(`is truncated: its tensors need ${end} bytes, the file has ${fileSize}`);
  if (end < fileSize) fail(`has ${fileSize - end} bytes behind its last tensor`);
}

/** Serialises tensors in the reference's order: wider types first, then by name. */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const sorted = [...tensors].sort(
    ([a, x], [b, y]) => bytesPerElement[y.dtype] - bytesPerElement[x.dtype] || (a < b ? -1 : a > b ? 1 : 0),
  );
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, tensor] of sorted) {
    const end = offset + tensor.data.byteLength;
    header[name] = { dtype: codes[tensor.dtype], shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8; // spaces: tensors then start 8-byte aligned
  const out = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(out.buffer).setBigUint64(0, BigInt(padded), true);
  out.set(json, 8);
  let at = 8 + padded;
  for (const [, tensor] of sorted) {
    out.set(bytesOf(tensor), at);
    at += tensor.data.byteLength;
  }
  return out;
}
