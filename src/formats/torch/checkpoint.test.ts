import { describe, expect, it } from 'vitest';
import { bytes, little, type Part } from '../../../test/support/bytes.ts';
import { zip } from '../../../test/support/zip.ts';
import { memorySource } from '../byte-source.ts';
import { openTensors } from '../tensors.ts';

const text = (value: string) => bytes('X', little(value.length, 4), value);
const integer = (value: number) => bytes(0x8a, 8, little(value, 8));
const integers = (values: readonly number[]) => bytes('(', ...values.map(integer), 't');
/** An external id; files of before torch 0.4 have a view of the storage behind it: its own key, start and length. */
const storage = (key: string, length: number, view: readonly [number, number] | undefined) =>
  bytes(
    ...['(', text('storage'), 'ctorch\nFloatStorage\n', text(key), text('cpu'), integer(length)],
    ...(view ? ['(', text('view'), integer(view[0]), integer(view[1]), 't'] : []),
    'tQ',
  );

interface View {
  readonly key?: string;
  readonly length?: number;
  readonly offset?: number;
  readonly shape?: readonly number[];
  readonly strides?: readonly number[];
  readonly view?: readonly [start: number, length: number];
}

/** A pickle of `{'w': view of a storage}`. */
function pickle({ key = '0', length = 4, offset = 0, shape = [2, 2], strides = [2, 1], view }: View): Uint8Array {
  const args = [storage(key, length, view), integer(offset), integers(shape), integers(strides), bytes(0x89, 'N')];
  return bytes(0x80, 2, '}', text('w'), 'ctorch._utils\n_rebuild_tensor_v2\n(', ...args, 'tRs.');
}

const archive = (root: Uint8Array, data: Uint8Array = new Uint8Array(16)) =>
  zip([
    { name: 'archive/data.pkl', data: root },
    { name: 'archive/data/0', data },
  ]);

const magic = bytes(0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.');
const legacy = (root: Uint8Array, ...tail: readonly Part[]) =>
  bytes(magic, 0x80, 2, 'M', little(1001, 2), '.', 0x80, 2, '}.', root, 0x80, 2, ']', text('0'), 'a.', ...tail);

const open = (file: Uint8Array, stateDict?: string) => openTensors(memorySource('x', file), undefined, { stateDict });
const w = async (file: Uint8Array) => (await open(file)).tensors.get('w')!.load();

it('reads what these helpers write', async () => {
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  const expected = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) };
  expect(await w(archive(pickle({}), numbers))).toEqual(expected);
  expect(await w(legacy(pickle({}), little(4, 8), numbers))).toEqual(expected);
  expect(await w(archive(pickle({ strides: [1, 2] }), numbers))).toEqual({
    ...expected,
    data: Float32Array.of(1, 3, 2, 4),
  });
});

it('reads views of storages, as the oldest files have them', async () => {
  const numbers = new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer);
  const view = pickle({ length: 6, view: [1, 5], offset: 1 });
  expect(await w(legacy(view, little(6, 8), numbers))).toMatchObject({ data: Float32Array.of(3, 4, 5, 6) });
  const beyond = pickle({ length: 6, view: [1, 5], offset: 2 });
  await expect(w(legacy(beyond, little(6, 8), numbers))).rejects.toThrow(/elements 2 to 6 in a storage of 5/);
  const outside = pickle({ length: 6, view: [2, 5] });
  await expect(w(legacy(outside, little(6, 8), numbers))).rejects.toThrow(/a view out of a storage/);
});

it("reads a legacy file's pickles however long they are", async () => {
  const long = 'settings '.repeat(200_000);
  const root = bytes(0x80, 2, '}(', text('args'), text(long), pickle({}).subarray(3, -2), 'u.');
  expect(await w(legacy(root, little(4, 8), new Uint8Array(16)))).toMatchObject({ shape: [2, 2] });
});

describe('checkpoints that lie are refused in one line:', () => {
  const bounds = /has a tensor of elements|has a tensor without|is truncated or lies/;
  it.each<[string, Uint8Array, RegExp]>([
    ['a shape beyond the storage', archive(pickle({ shape: [2, 3], strides: [3, 1] })), bounds],
    ['an offset beyond it', archive(pickle({ offset: 1 })), bounds],
    ['an offset of 2^60', archive(pickle({ offset: 2 ** 60 })), bounds],
    ['strides beyond it', archive(pickle({ strides: [4, 1] })), bounds],
    ['negative strides', archive(pickle({ strides: [-2, 1] })), bounds],
    ['fewer strides than axes', archive(pickle({ strides: [1] })), bounds],
    ['a storage larger than its member', archive(pickle({ length: 2 ** 29, shape: [2 ** 29], strides: [1] })), bounds],
    [
      'one element repeated 2^40 times',
      archive(pickle({ shape: [2 ** 20, 2 ** 20], strides: [0, 0] })),
      /1099511627776 elements in a storage of 4/,
    ],
    [
      'a storage that is not there',
      archive(pickle({ key: '../../etc/passwd' })),
      /no data of storage "..\/..\/etc\/passwd"/,
    ],
    ['no tensors', archive(bytes(0x80, 2, '}', text('epoch'), 'K', 1, 's.')), /holds no tensors, only "epoch"/],
    ['a number', archive(bytes(0x80, 2, 'K', 1, '.')), /holds no tensors$/],
    ['dicts in dicts without end', archive(bytes(0x80, 2, '}q', 0, text('a'), 'h', 0, 's.')), /nested too deeply/],
    [
      'a shell',
      archive(bytes(0x80, 2, 'cposix\nsystem\n', text('id'), 0x85, 'R.')),
      /"posix.system", which is not on the list/,
    ],
    ['no storages but numbers', archive(bytes(0x80, 2, 'K', 1, 'Q.')), /refers to what is no storage/],
    [
      'TorchScript',
      zip([
        { name: 'm/data.pkl', data: pickle({}) },
        { name: 'm/constants.pkl', data: bytes(0x80, 2, ').') },
      ]),
      /a TorchScript archive, a program/,
    ],
    [
      'two pickles',
      zip([
        { name: 'a/data.pkl', data: pickle({}) },
        { name: 'b/data.pkl', data: pickle({}) },
      ]),
      /2 members data.pkl/,
    ],
    ['a zip archive of something else', zip([{ name: 'readme', data: bytes('x') }]), /neither of torch/],
    [
      'a legacy storage of 2 GB',
      legacy(pickle({}), little(2 ** 29, 8), new Uint8Array(16)),
      /2147483648 bytes from byte/,
    ],
    [
      'a legacy storage of 2^64 elements',
      legacy(pickle({}), little(2n ** 64n - 1n, 8), new Uint8Array(16)),
      /is truncated or lies/,
    ],
    ['a torn legacy file', legacy(pickle({})), /8 bytes from byte/],
    ['a torn legacy pickle', legacy(pickle({})).subarray(0, 60), /truncated within its pickles/],
    [
      'bytes behind a legacy file',
      legacy(pickle({}), little(4, 8), new Uint8Array(20)),
      /4 bytes behind its last storage/,
    ],
    [
      'an unknown version',
      bytes(magic, 0x80, 2, 'K', 1, '.', 0x80, 2, '}.', pickle({}), 0x80, 2, '].'),
      /unknown version/,
    ],
  ])('%s', async (_, file, pattern) => {
    await expect(w(file)).rejects.toThrow(pattern);
    await expect(w(file)).rejects.toThrow(/^x:[^\n]*$/);
    await expect(w(file)).rejects.toMatchObject({ name: 'CheckpointError' });
  });

  it('keys that double each level are not made text of', async () => {
    const tuples = Array.from({ length: 60 }, (_, i) =>
      bytes(i === 0 ? ')' : bytes('h', i - 1, 'h', i - 1, 0x86), 'q', i),
    );
    const root = bytes(0x80, 2, '}', ...tuples.map((tuple) => bytes(tuple, '0')), 'h', 59, 'Ns.');
    await expect(open(archive(root))).rejects.toThrow(/holds no tensors$/);
  });

  it('tensors in dicts that double each level are counted, not walked for ever', async () => {
    const levels = Array.from({ length: 15 }, (_, i) => [
      bytes(
        '}q',
        i,
        '(',
        ...Array.from({ length: 4 }, (_, k) => bytes(text(String(k)), i === 0 ? 'N' : bytes('h', i - 1))),
        'u',
      ),
    ]).flat();
    await expect(open(archive(bytes(0x80, 2, ...levels, '.')))).rejects.toThrow(/nested too deeply or holds too many/);
  });
});
