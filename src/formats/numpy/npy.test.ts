import { describe, expect, it } from 'vitest';
import { bytes, little } from '../../../test/support/bytes.ts';
import { memorySource } from '../byte-source.ts';
import { openTensors } from '../tensors.ts';

function npy(header: string, data = 0, version = 1, claimed = header.length): Uint8Array {
  return bytes(0x93, 'NUMPY', version, 0, little(claimed, version === 1 ? 2 : 4), header, new Uint8Array(data));
}
const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
const open = async (file: Uint8Array) => (await openTensors(memorySource('x', file))).tensors.get('array')!;

it("reads other writers' headers: no trailing comma, other spaces, Python 2's long integers", async () => {
  const compact = `{'descr':'<f4','fortran_order':False,'shape':(2,3)}`;
  expect(await open(npy(compact, 24))).toMatchObject({ dtype: 'float32', shape: [2, 3] });
  expect(await open(npy(header("'<f4'", '(2L, 3L)'), 24))).toMatchObject({ shape: [2, 3] });
  expect(await open(npy(header("'<f4'", '()'), 4))).toMatchObject({ shape: [] });
  expect(await open(npy(header("'<f4'", '(6,)'), 24, 2))).toMatchObject({ shape: [6] });
});

describe('arrays that lie are refused in one line:', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['Python objects', npy(header("'|O'", '(1,)'), 8), /Python objects, which are never read/],
    ['a table', npy(header("[('a', '<f4')]", '(1,)'), 4), /without a plain type/],
    ['text', npy(header("'<U5'", '(1,)'), 20), /NumPy type "<U5"; numbers and booleans/],
    ['complex numbers', npy(header("'<c8'", '(1,)'), 8), /NumPy type "<c8"/],
    [
      '2 GB in 16 bytes',
      npy(header("'<f4'", '(536870912,)'), 16),
      /has 16 bytes of elements, its header needs 2147483648/,
    ],
    ['sizes that overflow', npy(header("'<f4'", '(4294967296, 4294967296)'), 16), /header with shape/],
    ['a negative size', npy(header("'<f4'", '(-1,)'), 16), /without order or shape/],
    ['bytes behind the array', npy(header("'<f4'", '(1,)'), 5), /has 5 bytes of elements/],
    ['a header longer than the file', npy(header("'<f4'", '(1,)'), 4, 1, 9000), /truncated within its .npy header/],
    ['a header of 4 GB', npy(header("'<f4'", '(1,)'), 4, 2, 2 ** 32 - 1), /claims a .npy header of 4294967295/],
    ['version 9', npy(header("'<f4'", '(1,)'), 4, 9), /version 9; 1 to 3/],
    ['code for a shape', npy(header("'<f4'", "(__import__('os').system('id'),)"), 4), /without order or shape/],
    ['only the magic', bytes(0x93, 'NUMPY'), /is no .npy array/],
  ])('%s', async (_, file, pattern) => {
    await expect(open(file)).rejects.toThrow(pattern);
    await expect(open(file)).rejects.toThrow(/^x: [^\n]*$/);
  });
});
