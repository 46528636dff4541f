// Classes of one set in terms of another's: a test set may have a part of the classes, in another order.
import { DataError } from '../base/errors.ts';
import { type Listing, type Picture, wholePart } from './dataset.ts';

/** Letters and digits only: `tabby_cat` is `Tabby cat`. */
const plain = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

/** For each of `from` the index in `to` of the class of that name. Throws DataError for one that isn't there. */
export function matchClasses(where: string, from: readonly string[], to: readonly string[]): number[] {
  const exact = new Map(to.map((name, i) => [name, i]));
  const loose = new Map(to.map((name, i) => [plain(name), i]));
  const indices = from.map((name) => exact.get(name) ?? loose.get(plain(name)) ?? -1);
  const unknown = from.filter((_, i) => indices[i] === -1);
  if (unknown.length > 0)
    throw new DataError(
      `data ${where}: has ${unknown.length} of ${from.length} classes that the other doesn't know (+ extra)`,
      {
        lines: unknown.slice(0, 20).map((name) => `+ ${name}`),
      },
    );
  return indices;
}

/** The sets that one is tested by: `test`, then those made of it. */
export const testSets = (listing: Listing): ReadonlyMap<string, readonly Picture[]> =>
  new Map([['test', tested(listing)], ...(listing.shiftsOf?.(tested(listing)) ?? [])]);

/** What a set is tested by: its test part, or the only one it has, or everything. */
export function tested({ parts }: Pick<Listing, 'parts'>): readonly Picture[] {
  return (
    parts.get('test') ??
    parts.get(wholePart) ??
    (parts.size === 1 ? [...parts.values()][0]! : [...parts.values()].flat())
  );
}
