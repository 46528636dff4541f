import { expect, it } from 'vitest';
import { commonFolder, placeBelow } from './external-data.ts';

const slice = (folder: string, file: string) => ({ folder, file, offset: 0, byteLength: 1 });

it.each([
  [[], undefined],
  [['/models/a'], '/models/a'],
  [['/models/a', '/models/a'], '/models/a'],
  [['/models/a', '/models/ab/c'], '/models'],
  [['/models/a', '/models/a/c'], '/models/a'],
  [['/models', '/cache/int8'], '/'],
  [['C:\\models', 'C:\\cache\\int8'], 'C:/'],
] as const)('%j share %j', (folders, shared) => {
  expect(commonFolder(folders)).toBe(shared);
});

it('no folder holds two drives', () => {
  expect(() => commonFolder(['C:\\models', 'D:\\cache'])).toThrow(
    'export: weights lie in C:\\models and in D:\\cache; a graph takes one folder',
  );
});

it.each([
  ['/', '/cache/int8', 'cache/int8/0.bin'],
  ['/cache', '/cache/int8', 'int8/0.bin'],
  ['/cache/int8', '/cache/int8', '0.bin'],
  ['C:/', 'C:\\cache\\int8', 'cache/int8/0.bin'],
])('below %s, a file in %s is %s', (folder, lying, place) => {
  expect(placeBelow(folder, slice(lying, '0.bin'))).toBe(place);
});
