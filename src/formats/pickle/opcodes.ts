// The instructions of Python's pickle format, protocols 2 to 5 (CPython's Lib/pickletools.py lists them): bytes to
// instructions, nothing executed. Of protocols 0 and 1 only what protocol 2 still writes.
import { type Fail, quoted } from '../byte-source.ts';

export type Argument = number | bigint | string | Uint8Array | undefined;

export interface Instruction {
  readonly name: Name;
  readonly argument: Argument;
}

type Kind =
  | 'none'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int32'
  | 'float'
  | 'long1'
  | 'long4'
  | 'global'
  | 'bytes1'
  | 'bytes4'
  | 'bytes8'
  | 'text1'
  | 'text4'
  | 'text8';

const table = {
  PROTO: [0x80, 'uint8'],
  FRAME: [0x95, 'uint64'],
  STOP: [0x2e, 'none'],
  MARK: [0x28, 'none'],
  POP: [0x30, 'none'],
  POP_MARK: [0x31, 'none'],
  DUP: [0x32, 'none'],
  NONE: [0x4e, 'none'],
  NEWTRUE: [0x88, 'none'],
  NEWFALSE: [0x89, 'none'],
  BININT: [0x4a, 'int32'],
  BININT1: [0x4b, 'uint8'],
  BININT2: [0x4d, 'uint16'],
  LONG1: [0x8a, 'long1'],
  LONG4: [0x8b, 'long4'],
  BINFLOAT: [0x47, 'float'],
  BINSTRING: [0x54, 'bytes4'],
  SHORT_BINSTRING: [0x55, 'bytes1'],
  BINBYTES: [0x42, 'bytes4'],
  SHORT_BINBYTES: [0x43, 'bytes1'],
  BINBYTES8: [0x8e, 'bytes8'],
  BYTEARRAY8: [0x96, 'bytes8'],
  BINUNICODE: [0x58, 'text4'],
  SHORT_BINUNICODE: [0x8c, 'text1'],
  BINUNICODE8: [0x8d, 'text8'],
  EMPTY_LIST: [0x5d, 'none'],
  APPEND: [0x61, 'none'],
  APPENDS: [0x65, 'none'],
  LIST: [0x6c, 'none'],
  EMPTY_TUPLE: [0x29, 'none'],
  TUPLE1: [0x85, 'none'],
  TUPLE2: [0x86, 'none'],
  TUPLE3: [0x87, 'none'],
  TUPLE: [0x74, 'none'],
  EMPTY_DICT: [0x7d, 'none'],
  DICT: [0x64, 'none'],
  SETITEM: [0x73, 'none'],
  SETITEMS: [0x75, 'none'],
  EMPTY_SET: [0x8f, 'none'],
  ADDITEMS: [0x90, 'none'],
  FROZENSET: [0x91, 'none'],
  BINGET: [0x68, 'uint8'],
  LONG_BINGET: [0x6a, 'uint32'],
  BINPUT: [0x71, 'uint8'],
  LONG_BINPUT: [0x72, 'uint32'],
  MEMOIZE: [0x94, 'none'],
  GLOBAL: [0x63, 'global'],
  STACK_GLOBAL: [0x93, 'none'],
  REDUCE: [0x52, 'none'],
  NEWOBJ: [0x81, 'none'],
  BUILD: [0x62, 'none'],
  BINPERSID: [0x51, 'none'],
  READONLY_BUFFER: [0x98, 'none'],
} as const satisfies Record<string, readonly [code: number, kind: Kind]>;

export type Name = keyof typeof table;

const byCode = new Map(
  Object.entries(table).map(([name, [code, kind]]) => [code as number, { name: name as Name, kind: kind as Kind }]),
);

/** An integer of more bytes is none that a checkpoint needs (2048 bits). */
const maxLongBytes = 256;
/** Longer names of modules and classes don't exist. */
const maxNameBytes = 1024;

const utf8 = new TextDecoder('utf-8', { fatal: true });

export interface InstructionReader {
  next(): Instruction;
  /** Of the next instruction, bytes from the start. */
  position(): number;
}

/** Reads instructions from `start`. `next` fails for unknown ones; where the bytes end it calls `truncated`. */
export function instructions(
  bytes: Uint8Array,
  start: number,
  fail: Fail,
  truncated: () => never = () => fail(`its pickle is truncated at byte ${bytes.length}`),
): InstructionReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const take = (length: number): number => {
    if (length > bytes.length - at) return truncated();
    at += length;
    return at - length;
  };
  const uint64 = (): number => Number(view.getBigUint64(take(8), true));
  const slice = (length: number): Uint8Array => {
    const from = take(length);
    return bytes.subarray(from, from + length);
  };
  const text = (length: number): string => {
    const raw = slice(length);
    try {
      return utf8.decode(raw);
    } catch {
      return fail(`its pickle has text that is not UTF-8 before byte ${at}`);
    }
  };
  const line = (): string => {
    const end = bytes.subarray(at, at + maxNameBytes).indexOf(0x0a);
    if (end < 0 && bytes.length - at < maxNameBytes) return truncated();
    if (end < 0) return fail(`its pickle names no module or class at byte ${at}`);
    const found = text(end);
    at++;
    return found;
  };
  const long = (length: number): number | bigint => {
    if (length > maxLongBytes) return fail(`its pickle has an integer of ${length} bytes`);
    const digits = slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(digits[i]!);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  };
  const argumentOf = (kind: Kind): Argument => {
    switch (kind) {
      case 'none':
        return undefined;
      case 'uint8':
        return view.getUint8(take(1));
      case 'uint16':
        return view.getUint16(take(2), true);
      case 'uint32':
        return view.getUint32(take(4), true);
      case 'uint64':
        return uint64();
      case 'int32':
        return view.getInt32(take(4), true);
      case 'float':
        return view.getFloat64(take(8), false);
      case 'long1':
        return long(view.getUint8(take(1)));
      case 'long4':
        return long(view.getUint32(take(4), true));
      case 'global':
        return `${line()} ${line()}`;
      case 'bytes1':
        return slice(view.getUint8(take(1)));
      case 'bytes4':
        return slice(view.getUint32(take(4), true));
      case 'bytes8':
        return slice(uint64());
      case 'text1':
        return text(view.getUint8(take(1)));
      case 'text4':
        return text(view.getUint32(take(4), true));
      case 'text8':
        return text(uint64());
    }
  };
  return {
    position: () => at,
    next() {
      const code = view.getUint8(take(1));
      const known = byCode.get(code);
      if (!known)
        return fail(`its pickle has instruction ${quoted(String.fromCharCode(code))} at byte ${at - 1}, not read here`);
      return { name: known.name, argument: argumentOf(known.kind) };
    },
  };
}
