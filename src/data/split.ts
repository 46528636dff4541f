// Stratified, seeded splits: each class is shuffled by a stream of its own and cut in proportion, so that the same seed gives
// the same split on every machine, and adding a class moves no other.
import { DataError } from '../base/errors.ts';
import { shuffled, stream } from '../base/rng.ts';
import type { Picture } from './dataset.ts';

/** By code unit: the same order whatever the machine's locale. */
export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : 0;

/** Shares `count` places among classes of these sizes: at least 1 and at most size - 1 each, largest remainders first. */
function proportional(sizes: readonly number[], count: number): number[] {
  const total = sizes.reduce((a, b) => a + b, 0);
  const exact = sizes.map((size) => (size * count) / total);
  const shares = exact.map((x, k) => Math.min(Math.max(Math.floor(x), 1), sizes[k]! - 1));
  const order = exact.map((x, k) => ({ k, rest: x - Math.floor(x) })).sort((a, b) => b.rest - a.rest || a.k - b.k);
  let missing = count - shares.reduce((a, b) => a + b, 0);
  for (let turn = 0; missing !== 0 && turn < 2 * total; turn++) {
    const { k } = order[turn % order.length]!;
    const step = Math.sign(missing);
    if (shares[k]! + step < 1 || shares[k]! + step > sizes[k]! - 1) continue;
    shares[k]! += step;
    missing -= step;
  }
  return shares;
}

/**
 * Cuts `count` pictures off, stratified. Returns [rest, cut], each in order of name. Throws DataError where a class has too
 * few pictures to be in both.
 */
export function cutOff(
  pictures: readonly Picture[],
  classes: readonly string[],
  count: number,
  seed: number,
  purpose: string,
): [Picture[], Picture[]] {
  const groups = classes.map((_, label) => pictures.filter((p) => p.label === label).sort(byName));
  groups.forEach((group, label) => {
    if (group.length < 2)
      throw new DataError(
        `data: class ${classes[label]} has ${group.length} picture${group.length === 1 ? '' : 's'}; splitting off ${purpose} pictures needs at least 2 a class: add some, leave the class out, or make a ${purpose}/ folder`,
      );
  });
  const wanted = Math.min(Math.max(count, classes.length), pictures.length - classes.length);
  const shares = proportional(
    groups.map((g) => g.length),
    wanted,
  );
  const cut = new Set<Picture>();
  groups.forEach((group, label) => {
    for (const picture of shuffled(group, stream(seed, 'split', purpose, classes[label]!)).slice(0, shares[label]))
      cut.add(picture);
  });
  const sorted = [...pictures].sort(byName);
  return [sorted.filter((p) => !cut.has(p)), sorted.filter((p) => cut.has(p))];
}
