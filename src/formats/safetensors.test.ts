import { describe, expect, it } from 'vitest';
import { stream } from '../base/rng.ts';
import type { Tensor } from '../base/tensor.ts';
import { tensorFrom } from './elements.ts';
import { narrow, toFloat16, widen } from './half.ts';
import { encodeSafetensors, headerLength, parseHeader } from './safetensors.ts';

const f32 = (shape: readonly number[], data: readonly number[]): Tensor<'float32'> => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(data),
});

/** Parses a whole file in memory as the file reader does. */
function parse(bytes: Uint8Array) {
  const length = headerLength('x', bytes.subarray(0, 8), bytes.length);
  return parseHeader('x', bytes.subarray(8, 8 + length), bytes.length);
}

function withHeader(header: string, dataBytes: number): Uint8Array {
  const json = new TextEncoder().encode(header);
  const out = new Uint8Array(8 + json.length + dataBytes);
  new DataView(out.buffer).setBigUint64(0, BigInt(json.length), true);
  out.set(json, 8);
  return out;
}

it('reads back what it wrote, of every type', () => {
  const tensors: [string, Tensor][] = [
    ['b', f32([2, 3], [1, 2, 3, 4, 5, 6])],
    ['a', { dtype: 'int64', shape: [2], data: BigInt64Array.from([1n, -2n]) }],
    ['half', { dtype: 'float16', shape: [3], data: Uint16Array.from([0x3c00, 0, 0x7c00]) }],
    ['bytes', { dtype: 'uint8', shape: [5], data: Uint8Array.from([1, 2, 3, 4, 5]) }],
    ['scalar', f32([], [7])],
    ['empty', f32([0, 4], [])],
  ];
  const bytes = encodeSafetensors(tensors, { format: 'pt' });
  const { tensors: entries, metadata } = parse(bytes);
  expect(metadata).toEqual({ format: 'pt' });
  for (const [name, tensor] of tensors) {
    const entry = entries.get(name)!;
    expect(tensorFrom(entry, bytes.subarray(entry.offset, entry.offset + entry.byteLength))).toEqual(tensor);
    expect(entry.offset % 8 === 0 || entry.dtype === 'uint8' || entry.byteLength < 8).toBe(true);
  }
});

describe('files that lie are refused in one line:', () => {
  const entry = (fields: object) =>
    JSON.stringify({ t: { dtype: 'F32', shape: [2], data_offsets: [0, 8], ...fields } });
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /0 bytes long, too short/],
    ['a header longer than the file', withHeader('{}', 0).subarray(0, 9), /is truncated/],
    ['a header of 2 GB', Uint8Array.from([0, 0, 0, 0x80, 0, 0, 0, 0, 1, 2]), /claims a header of 2147483648 bytes/],
    ['a header of 2^63 bytes', Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0x80, 1]), /claims a header/],
    ['no JSON', withHeader('{"t": ', 0), /its header is not JSON/],
    ['a list', withHeader('[]', 0), /not a JSON object/],
    ['an unknown type', withHeader(entry({ dtype: 'F8_E4M3' }), 8), /tensor t has type "F8_E4M3"; known are/],
    ['a type named as a method of objects', withHeader(entry({ dtype: 'constructor' }), 8), /has type "constructor"/],
    ['a negative size', withHeader(entry({ shape: [-2] }), 8), /has shape \[-2\]/],
    [
      'a size that overflows',
      withHeader(entry({ shape: [2 ** 40, 2 ** 40] }), 8),
      /needs .* bytes, its data_offsets span 8/,
    ],
    ['too many axes', withHeader(entry({ shape: new Array(9).fill(1) }), 8), /up to 8 sizes/],
    ['offsets backwards', withHeader(entry({ data_offsets: [8, 0] }), 8), /has data_offsets \[8,0\]/],
    [
      'offsets that do not fit the shape',
      withHeader(entry({ data_offsets: [0, 4] }), 8),
      /needs 8 bytes, its data_offsets span 4/,
    ],
    ['too few bytes', withHeader(entry({}), 4), /is truncated: its tensors need/],
    ['bytes behind the last tensor', withHeader(entry({}), 12), /has 4 bytes behind its last tensor/],
    ['a gap', withHeader(entry({ data_offsets: [4, 12] }), 12), /starts at byte/],
    [
      'two tensors in one place',
      withHeader(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}',
        6,
      ),
      /tensor b starts at byte/,
    ],
    ['metadata that is no text', withHeader('{"__metadata__":{"a":1}}', 0), /__metadata__ must hold strings/],
    ['a tensor that is null', withHeader('{"t":null}', 0), /tensor t has type undefined/],
  ])('%s', (_, bytes, pattern) => {
    expect(() => parse(bytes)).toThrow(pattern);
    expect(() => parse(bytes)).toThrow(/^x: [^\n]*$/);
  });

  it('and 20,000 mutated files neither crash nor hang', () => {
    const good = encodeSafetensors([
      ['w', f32([4, 4], new Array(16).fill(1))],
      ['b', f32([4], [1, 2, 3, 4])],
    ]);
    const rng = stream(0, 'fuzz');
    for (let i = 0; i < 20_000; i++) {
      const bytes = good.slice(0, rng.uniform() < 0.2 ? rng.below(good.length + 1) : good.length);
      for (let k = rng.below(4); k >= 0 && bytes.length > 0; k--) bytes[rng.below(bytes.length)] = rng.below(256);
      try {
        for (const e of parse(bytes).tensors.values())
          expect(e.offset + e.byteLength).toBeLessThanOrEqual(bytes.length);
      } catch (error) {
        expect((error as Error).name).toBe('CheckpointError');
      }
    }
  });
});

describe('half precision', () => {
  it('goes to float32 and back without loss, for all 65,536 patterns', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);
    const wide = widen({ dtype: 'float16', shape: [65_536], data: all }).data;
    for (let i = 0; i < 65_536; i++) {
      if (Number.isNaN(wide[i]!)) continue;
      expect(toFloat16(wide[i]!)).toBe(i);
    }
  });
  it('rounds to the nearest, ties to even, and overflows to infinity', () => {
    const cases = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -26, -1e-9];
    expect([...narrow(f32([cases.length], cases)).data].map((x) => x.toString(16))).toEqual([
      '3c00',
      '3c02',
      '7bff',
      '7c00',
      '0',
      '1',
      '8000',
    ]);
  });
  it('rounds double precision to float32, and widens no integers', () => {
    const double = { dtype: 'float64', shape: [2], data: Float64Array.of(1 / 3, 1e300) } as const;
    expect(widen(double).data).toEqual(Float32Array.of(Math.fround(1 / 3), Number.POSITIVE_INFINITY));
    expect(() => widen({ dtype: 'int16', shape: [1], data: Int16Array.of(1) })).toThrow(/stored as int16/);
  });
  it('reads bfloat16 as the upper half of a float32', () => {
    expect([
      ...widen({ dtype: 'bfloat16', shape: [3], data: Uint16Array.from([0x3f80, 0xc000, 0x7f80]) }).data,
    ]).toEqual([1, -2, Number.POSITIVE_INFINITY]);
  });
});
