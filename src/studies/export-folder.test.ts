import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cellFolders } from './export-folder.ts';

it('gives each cell a folder of its own, inside of the study', () => {
  const cell = (method: string, data = 'd') => ({ model: 'm', data, method });
  const labels = ['a b', 'a_b', 'a_b-2', 'a/b', '..'];
  const folders = cellFolders([...labels.map((label) => cell(label)), cell('a b', 'e')]);
  expect(folders).toEqual([
    ...['a_b', 'a_b-2', 'a_b-2-2', 'a_b-3', '_'].map((name) => join('m', 'd', name)),
    join('m', 'e', 'a_b'),
  ]);
});
