import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../base/errors.ts';
import { memorySource } from './byte-source.ts';
import { isPlainName, type Siblings } from './siblings.ts';
import { openTensors } from './tensors.ts';

const fixture = (name: string) => readFileSync(new URL(`../../test/fixtures/checkpoints/${name}`, import.meta.url));
const siblings: Siblings = async (name) =>
  memorySource(name, name === 'self.json' ? encode({ a: 'self.json' }) : fixture(name));
const encode = (map: unknown) => new TextEncoder().encode(JSON.stringify({ weight_map: map }));
const open = (map: unknown) => openTensors(memorySource('x', encode(map)), siblings);
const [first, second] = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'];

it('lists every tensor that is not where the index says', async () => {
  const error = await open({ 'a.weight': first, 'a.bias': second, 'b.weight': second, c: first }).catch((e) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  expect(error.message).toBe("x: doesn't fit its shards: 3 tensors are not where it says (- missing, + extra)");
  expect(error.lines).toEqual([`+ "a.bias" in "${first}"`, `- "a.bias" in "${second}"`, `- "c" in "${first}"`]);
});

describe('indexes that lie are refused in one line:', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'a shard out of the folder',
      { a: '../model.safetensors' },
      /names "..\/model.safetensors" as its shard; only files beside/,
    ],
    ['an absolute one', { a: '/etc/passwd' }, /only files beside it/],
    ['one on another drive', { a: 'C:\\weights' }, /only files beside it/],
    ['a name with a NUL', { a: 'a\0.safetensors' }, /only files beside it/],
    ['the folder itself', { a: '.' }, /only files beside it/],
    ['no name', { a: '' }, /only files beside it/],
    ['a number', { a: 1 }, /gives tensor "a" no file/],
    ['a list', ['a'], /without a weight_map/],
    ['nothing', {}, /names 0 shards/],
    ['itself', { a: 'self.json' }, /names an index as a shard|no folder to find it in/],
    ['2000 shards', Object.fromEntries(Array.from({ length: 2000 }, (_, i) => [i, `s${i}`])), /names 2000 shards/],
  ])('%s', async (_, map, pattern) => {
    await expect(open(map)).rejects.toThrow(pattern);
    await expect(open(map)).rejects.toMatchObject({ name: 'CheckpointError' });
  });
});

it('plain names lead nowhere else on any system', () => {
  expect(['model.safetensors', 'a..b', 'ü.onnx_data'].every(isPlainName)).toBe(true);
  expect(['..', 'a/b', 'a\\b', 'c:x', 'a\nb', 'x'.repeat(300)].some(isPlainName)).toBe(false);
});
