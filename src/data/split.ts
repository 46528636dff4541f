// Stratified, seeded splits: each class is shuffled by a stream of its own and cut in proportion, so that the same seed gives
// the same split on every machine, and adding a class moves no other.
import { DataError } from '../base/errors.ts';
import { shuffled, stream } from '../base/rng.ts';
import type { Picture } from './dataset.ts';

/** By code unit: the same order whatever the machine's locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** Shares `count` places among classes of these sizes: at least 1 and at most size - keep each, largest remainders first. */
function proportional(sizes: readonly number[], count: number, keep: number): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (size * count) / total);
  const shares = exact.map((x, k) => Math.min(Math.max(Math.floor(x), 1), sizes[k]! - keep));
  const order = exact.map((x, k) => ({ k, rest: x - Math.floor(x) })).sort((a, b) => b.rest - a.rest || a.k - b.k);
  let missing = count - shares.reduce((a, b) => a + b, 0);
  for (let turn = 0; missing !== 0 && turn < 2 * total; turn++) {
    const { k } = order[turn % order.length]!;
    const step = Math.sign(missing);
    if (shares[k]! + step < 1 || shares[k]! + step > sizes[k]! - keep) continue;
    shares[k]! += step;
    missing -= step;
  }
  return shares;
}

/** Throws DataError for a class with too few pictures to be in training and in a split for each of `purposes`. */
export function requireEnough(
  path: string,
  pictures: readonly Picture[],
  classes: readonly string[],
  purposes: readonly string[],
): void {
  const needed = 1 + purposes.length;
  const counts = classes.map(() => 0);
  for (const { label } of pictures) counts[label]!++;
  const label = counts.findIndex((count) => count < needed);
  if (label < 0 || purposes.length === 0) return;
  throw new DataError(
    `data ${path}: class ${classes[label]} has ${counts[label]} picture${counts[label] === 1 ? '' : 's'}; splitting off ${purposes.join(' and ')} pictures needs at least ${needed} a class: add some, leave the class out, or make split folders (train/, val/, test/)`,
  );
}

/**
 * Cuts `count` pictures off, stratified: at least one of each class, and at least `keep` of each stay, so every class
 * must have one more. Returns [rest, cut], each in order of name.
 */
export function cutOff(
  pictures: readonly Picture[],
  classes: readonly string[],
  count: number,
  seed: number,
  purpose: string,
  keep = 1,
): [Picture[], Picture[]] {
  const groups: Picture[][] = classes.map(() => []);
  for (const picture of [...pictures].sort(byName)) groups[picture.label]!.push(picture);
  const wanted = Math.min(Math.max(count, classes.length), pictures.length - keep * classes.length);
  const shares = proportional(
    groups.map((g) => g.length),
    wanted,
    keep,
  );
  const cut = new Set<Picture>();
  groups.forEach((group, label) => {
    for (const picture of shuffled(group, stream(seed, 'split', purpose, classes[label]!)).slice(0, shares[label]))
      cut.add(picture);
  });
  const sorted = [...pictures].sort(byName);
  return [sorted.filter((p) => !cut.has(p)), sorted.filter((p) => cut.has(p))];
}
