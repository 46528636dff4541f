// What a person means by DATA: a folder or file where there is one, else the name of a built-in set.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DataError } from '../base/errors.ts';
import { nearest } from '../base/suggest.ts';
import { builtinNamed, builtinSets, suites } from './builtin/index.ts';
import { corruptionsNamed } from './corruptions/corrupted.ts';

/**
 * An absolute path, or a built-in name as it is: run ids must not depend on where someone stands. Throws DataError for a
 * name that is neither but nearly a built-in one, and for a suite.
 */
export function locateData(data: string): string {
  if (existsSync(data)) return resolve(data);
  const corrupted = corruptionsNamed(data);
  if (corrupted) return corrupted.prefix + locateData(corrupted.data);
  if (builtinNamed(data)) return data;
  const suite = suites.find(({ name }) => name === data);
  if (suite)
    throw new DataError(
      `data ${data}: is a suite; take its sets one by one: ${suite.sets.map((set) => set.name).join(', ')}`,
    );
  const near = nearest(
    data,
    builtinSets.map(({ name }) => name),
  );
  if (near !== undefined)
    throw new DataError(`data ${data}: no such folder and no built-in set; did you mean "${near}"?`);
  return resolve(data);
}
