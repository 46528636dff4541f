import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytes, little, type Part } from '../../../test/support/bytes.ts';
import { failOf, memorySource } from '../byte-source.ts';
import { isNumpyArray, tensorOfArray } from '../numpy/globals.ts';
import { readPickle } from '../pickled-arrays.ts';
import { torchAllowed } from '../torch/checkpoint.ts';
import { textOf, unpickle } from './machine.ts';

const read = (...parts: readonly Part[]) =>
  unpickle(bytes(0x80, 2, ...parts, '.'), { globals: torchAllowed, fail: failOf({ name: 'x' }) }).value;
const fixture = (name: string) => {
  const path = new URL(`../../../test/fixtures/checkpoints/${name}`, import.meta.url);
  return readPickle(memorySource(name, readFileSync(path)));
};

/** `module name` (GLOBAL) called with one text. */
const calling = (module: string, name: string, argument = 'echo hacked') =>
  bytes('c', module, '\n', name, '\n', 'X', little(argument.length, 4), argument, 0x85, 'R');

describe('builds plain data:', () => {
  it.each<[string, Uint8Array, unknown]>([
    [
      'numbers',
      bytes('(K', 5, 'M', 1, 2, 'J', little(-2, 4), 'G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 't'),
      [5, 513, -2, 1.5],
    ],
    ['long integers', bytes('(', 0x8a, 0, 0x8a, 1, 0xff, 0x8a, 9, little(2n ** 70n, 9), 't'), [0, -1, 2n ** 70n]],
    ['text and bytes', bytes('(X', little(2, 4), 0xc3, 0xbc, 'U', 1, 'a', 't'), ['ü', Uint8Array.of(97)]],
    [
      'containers',
      bytes('}(K', 1, '](NK', 2, 'e', 'U', 1, 'k', ')u'),
      new Map<unknown, unknown>([
        [1, [null, 2]],
        ['k', []],
      ]),
    ],
    ['sets', bytes(0x8f, '(K', 1, 'K', 1, 'K', 2, 0x90), new Set([1, 2])],
    ['a list that holds itself twice over', bytes(']q', 0, 'K', 7, 'a0(h', 0, 'h', 0, 't'), [[7], [7]]],
  ])('%s', (_, body, value) => expect(read(body)).toEqual(value));
});

describe('runs nothing:', () => {
  it.each<[string, Uint8Array, string]>([
    ['os.system', calling('os', 'system'), 'os.system'],
    ['its other name', calling('posix', 'system'), 'posix.system'],
    ['eval', calling('builtins', 'eval', '1+1'), 'builtins.eval'],
    ['exec as Python 2 calls it', calling('__builtin__', 'exec'), 'builtins.exec'],
    ['a shell', calling('subprocess', 'Popen'), 'subprocess.Popen'],
    ['getattr', calling('builtins', 'getattr'), 'builtins.getattr'],
    ['another pickle', calling('torch.storage', '_load_from_bytes'), 'torch.storage._load_from_bytes'],
    ['a name within a name', bytes(0x8c, 5, 'torch', 0x8c, 9, 'os.system', 0x93), 'torch.os.system'],
    ['a name of JavaScript', calling('__proto__', 'constructor'), '__proto__.constructor'],
    ['one call within another', bytes('c_codecs\nencode\n', calling('os', 'system'), 0x85, 'R'), 'os.system'],
  ])('%s', (_, body, name) => {
    const what = `x: its pickle asks for "${name}", which is not on the list of harmless names, so nothing of it is read; load`;
    expect(() => read(body)).toThrow(what);
  });
  it.each<[string, Uint8Array, RegExp]>([
    ['a name that is data', bytes(']]', 0x93), /asks for what is no name/],
    ['a type called', calling('builtins', 'int'), /calls builtins.int/],
    ['data called', bytes(']', ')R'), /calls what is no function/],
    [
      'the function of a rebuilt tensor',
      bytes('ctorch._tensor\n_rebuild_from_type_v2\n(', 'c_codecs\nencode\n', 'N)NtR'),
      /rebuilds a tensor by/,
    ],
    ['extensions', bytes(0x82, 1), /has instruction .* at byte 2, not read here/],
    ['state for a number', bytes('K', 1, '}b'), /gives state to what takes none/],
    ['state for a dict is dropped', bytes('}(U', 1, 'a', 'K', 1, 'u}(U', 9, '__class__', 'K', 2, 'ubN'), /^$/],
  ])('%s', (name, body, pattern) => {
    if (name.endsWith('dropped')) expect(read(body)).toBe(null);
    else expect(() => read(body)).toThrow(pattern);
  });
});

describe('pickles that lie are refused in one line:', () => {
  const bomb = [']q', 0, ...Array.from({ length: 60 }, (_, i) => bytes('](h', i, 'h', i, 'eq', i + 1))];
  it.each<[string, Uint8Array, RegExp]>([
    ['a text of 2 GB', bytes('X', little(2 ** 31, 4), 'a'), /is truncated at byte/],
    ['bytes of 2^63', bytes(0x8e, little(2n ** 63n, 8)), /is truncated/],
    ['an integer of 2 GB', bytes(0x8b, little(2 ** 31, 4)), /an integer of 2147483648 bytes/],
    ['text that is not UTF-8', bytes('X', little(1, 4), 0xff), /not UTF-8/],
    ['nothing left to take', bytes('a'), /empty stack/],
    ['a mark taken as a value', bytes('(a'), /empty stack/],
    ['no mark', bytes('K', 1, 't'), /empty stack/],
    ['a value that was never kept', bytes('h', 9), /refers to value 9/],
    ['an odd dict', bytes('}(K', 1, 'u'), /key without a value/],
    ['a tuple appended to', bytes(')K', 1, 'a'), /appends to what is no list/],
    ['data outside', bytes('NQ'), /refers to data outside/],
    ['a name without end', bytes('c', 'a'.repeat(5000)), /names no module/],
    ['a set of a number', bytes('c__builtin__\nset\nK', 1, 0x85, 'R'), /makes a set/],
    ['a dict of singles', bytes('ccollections\nOrderedDict\n](N', 'e', 0x85, 'R'), /of what are no pairs/],
    [
      'text called latin1',
      bytes('c_codecs\nencode\nX', little(3, 4), 0xe2, 0x82, 0xac, 'X', little(6, 4), 'latin1', 0x86, 'R'),
      /latin1 that is none/,
    ],
    [
      'an array of objects',
      bytes(
        'cnumpy\ndtype\nU',
        2,
        'O8',
        0x85,
        'Rq',
        0,
        '0cnumpy.core.multiarray\n_reconstruct\n)R(K',
        1,
        'K',
        1,
        0x85,
        'h',
        0,
        0x89,
        ']tb',
      ),
      /NumPy type "O8"; numbers are read, objects never/,
    ],
    [
      'an array larger than its bytes',
      bytes(
        'cnumpy\ndtype\nU',
        2,
        'f4',
        0x85,
        'Rq',
        0,
        '0cnumpy.core.multiarray\n_reconstruct\n)R(K',
        1,
        'J',
        little(2 ** 30, 4),
        0x85,
        'h',
        0,
        0x89,
        'U',
        1,
        'a',
        'tb',
      ),
      /\[1073741824\] of float32 in 1 bytes, not 4294967296/,
    ],
  ])('%s', (_, body, pattern) => {
    expect(() => read(body)).toThrow(pattern);
    expect(() => read(body)).toThrow(/^x: [^\n]*$/);
  });
  it('lists that double each time cost no more than their instructions', () => {
    expect(read(...bomb)).toHaveLength(2);
  });
  it('copies are counted: a dict of 1000 copied 10,000 times', () => {
    const dict = bytes('}q', 0, '(', ...Array.from({ length: 1000 }, (_, i) => bytes('M', little(i, 2), 'N')), 'u');
    const copies = Array.from({ length: 10_000 }, () => bytes('0ccollections\nOrderedDict\nh', 0, 0x85, 'R'));
    expect(() => read(dict, ...copies)).toThrow(/takes more than 5000000 steps/);
  });
  it('another protocol', () => {
    const options = { globals: torchAllowed, fail: failOf({ name: 'x' }) };
    expect(() => unpickle(bytes(0x80, 9, 'N.'), options)).toThrow('protocol 9; 2 to 5 are read');
    expect(() => unpickle(bytes("S'a'\n."), options)).toThrow('no pickle of protocol 2 to 5');
  });
});

describe("CIFAR's batches", () => {
  it.each(['cifar_python2.pkl', 'cifar_python3.pkl'])('%s', async (name) => {
    const batch = (await fixture(name)) as Map<unknown, unknown>;
    const count = name === 'cifar_python2.pkl' ? 3 : 2;
    const data = batch.get('data');
    expect(isNumpyArray(data) && tensorOfArray(data)).toMatchObject({ dtype: 'uint8', shape: [count, 3072] });
    expect(batch.get('labels')).toEqual([0, 1, 2].slice(0, count));
    const names = (batch.get('filenames') as unknown[]).map(textOf);
    expect(names).toEqual(count === 3 ? ['picture_0.png', 'picture_1.png', 'picture_2.png'] : ['a.png', 'ÿ.png']);
  });
});

it('reads NumPy scalars as numbers', async () => {
  for (const protocol of [2, 4, 5]) {
    const root = (await fixture(`arrays_protocol${protocol}.pkl`)) as Map<unknown, unknown>;
    expect([root.get('epoch'), root.get('half'), root.get('yes')]).toEqual([3, 0.5, true]);
  }
});
