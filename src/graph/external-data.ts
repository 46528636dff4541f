// Where the bytes of constants lie that stay in their files. ONNX Runtime takes one folder a graph and places below it;
// weights and what is made of them may lie far apart.
import { InternalError } from '../base/errors.ts';
import type { FileSlice } from './types.ts';

/** The names of a path, on any system. The first is empty, or a drive. */
const namesOf = (folder: string): readonly string[] =>
  folder.split(/[\\/]/).filter((name, i) => i === 0 || name !== '');

/** The deepest folder that holds all of these; undefined for none. Throws InternalError where they share none. */
export function commonFolder(folders: readonly string[]): string | undefined {
  const [first, ...others] = [...new Set(folders)];
  if (first === undefined || others.length === 0) return first;
  const names = namesOf(first);
  const rest = others.map(namesOf);
  const differ = names.findIndex((name, i) => rest.some((other) => other[i] !== name));
  const shared = differ < 0 ? names : names.slice(0, differ);
  if (shared.length === 0)
    throw new InternalError(`export: weights lie in ${[first, ...others].join(' and in ')}; a graph takes one folder`);
  return shared.length === 1 ? `${shared[0]}/` : shared.join('/');
}

/** A file's place below `folder`, as ONNX writes it. */
export function placeBelow(folder: string, slice: FileSlice): string {
  return [...namesOf(slice.folder).slice(namesOf(folder).length), slice.file].join('/');
}
