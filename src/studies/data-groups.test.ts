// Groups of data that are known.
import { expect, it } from 'vitest';
import { knownGroup } from './data-groups.ts';

it('knows built-in sets, and VTAB-1k’s tasks under its protocol', () => {
  const group = (data: string, name = 'holdout') => knownGroup({ data, protocol: { name, round: 'all', options: {} } });
  expect([group('emoji:20'), group('shapes/count'), group('textures')]).toEqual([
    'Natural',
    'Structured',
    'Specialized',
  ]);
  expect([group('/data/dtd', 'vtab-1k'), group('/data/kitti', 'vtab-1k')]).toEqual(['Natural', 'Structured']);
  expect([group('/data/dtd'), group('/data/mine', 'vtab-1k')]).toEqual([undefined, undefined]);
});
