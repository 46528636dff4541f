// Files that a file refers to - shards, external data - by names that must stay in its folder.
import { CheckpointError } from '../base/errors.ts';
import { type ByteSource, quoted } from './byte-source.ts';

/** Opens the file of that name in the same folder. Rejects with CheckpointError. */
export type Siblings = (name: string) => Promise<ByteSource>;

/** For bytes that have no folder. */
export const noSiblings: Siblings = async (name) => {
  throw new CheckpointError(`${quoted(name)}: there is no folder to find it in`);
};

/** Whether a name can't lead out of a folder: no separators of any system, no drives, no parent. */
export function isPlainName(name: string): boolean {
  const printable = [...name].every((character) => character >= ' ');
  return name.length > 0 && name.length <= 255 && printable && !/[/\\:]/.test(name) && name !== '.' && name !== '..';
}

/** Opens a file that `source` names as its `what`. Rejects with CheckpointError. */
export async function openSibling(
  source: ByteSource,
  siblings: Siblings,
  name: string,
  what: string,
): Promise<ByteSource> {
  if (!isPlainName(name))
    throw new CheckpointError(`${source.name}: names ${quoted(name)} as its ${what}; only files beside it are read`);
  return siblings(name);
}
