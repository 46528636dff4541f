// The data doctor: reads every picture once and says what is wrong with a set: unreadable, tiny and odd ones, copies (exact or
// near), copies across splits, copies with different labels, and how balanced the classes are.
import { messageOf } from '../../base/errors.ts';
import { contentHash } from '../content.ts';
import { distinctPictures, type Listing, type Picture } from '../dataset.ts';
import { decode } from '../decode.ts';
import { inOrder } from '../in-order.ts';
import { nearGroups, unions } from './near-duplicates.ts';
import { type Look, lookOf } from './perceptual-hash.ts';

/** Below this many pixels a side a picture says little to a network of 16-pixel patches. */
const tinySide = 16;
/** Wider or higher than this, a centre crop loses most of the picture. */
const oddRatio = 3;
/** This many times larger or smaller than the median side. */
const oddScale = 8;
/** Pixels that a drawing without a size of its own is looked at with. */
const drawingSide = 64;
/** Lists that repeat other parts on purpose (VTAB-1k's): being in them too is no leak. */
const repeatingParts: readonly string[] = ['train800val200'];

export interface DataReport {
  readonly data: string;
  readonly layout: string;
  /** Pictures by distinct name. */
  readonly pictures: number;
  readonly classes: Readonly<Record<string, number>>;
  readonly splits: Readonly<Record<string, number>>;
  /** Largest class over smallest, pictures. */
  readonly imbalance: number;
  readonly unreadable: readonly string[];
  readonly reasons: Readonly<Record<string, string>>;
  /** Groups of names that look the same; those with equal bytes alone in `exact`. */
  readonly duplicates: readonly (readonly string[])[];
  readonly exact: readonly (readonly string[])[];
  /** Groups that lie in several splits, or a name that does. */
  readonly leaks: readonly (readonly string[])[];
  /** Groups whose labels differ. */
  readonly conflicts: readonly (readonly string[])[];
  readonly tiny: readonly string[];
  readonly odd: readonly string[];
  /** Pixels: shorter and longer side of all readable pictures. */
  readonly sizes: { readonly shortest: number; readonly median: number; readonly longest: number } | undefined;
}

interface Seen {
  readonly picture: Picture;
  readonly hash: string;
  readonly width: number;
  readonly height: number;
  readonly look: Look;
}

type Inspected = { readonly seen: Seen } | { readonly failure: string };

async function inspect(picture: Picture): Promise<Inspected> {
  try {
    const bytes = await picture.read();
    const pixels = await decode(picture.name, bytes, drawingSide);
    const { width, height } = pixels;
    return { seen: { picture, hash: contentHash(bytes), width, height, look: lookOf(pixels) } };
  } catch (cause) {
    return { failure: messageOf(cause) };
  }
}

function count<T>(items: Iterable<T>, keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}

/** Equal contents, then equal looks; a group of the latter holds those of the former. */
function copies(seen: readonly Seen[]) {
  const exact = unions(seen.length);
  const first = new Map<string, number>();
  seen.forEach(({ hash }, i) => {
    const other = first.get(hash);
    if (other === undefined) first.set(hash, i);
    else exact.join(other, i);
  });
  const all = unions(seen.length);
  for (const groups of [exact.groups(), nearGroups(seen.map(({ look }) => look))])
    for (const group of groups) for (const i of group) all.join(group[0]!, i);
  return { exact: exact.groups(), all: all.groups() };
}

/** Checks all pictures of a listing. Never throws for a picture. */
export async function checkData(
  listing: Listing,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<DataReport> {
  const { classes, parts } = listing;
  const pictures = distinctPictures(listing);
  const partsOf = new Map<string, string[]>();
  for (const [part, held] of parts)
    if (!repeatingParts.includes(part))
      for (const { name } of held) partsOf.set(name, [...(partsOf.get(name) ?? []), part]);

  const seen: Seen[] = [];
  const reasons: Record<string, string> = {};
  let done = 0;
  for await (const { item, result } of inOrder(pictures, inspect)) {
    if ('seen' in result) seen.push(result.seen);
    else reasons[item.name] = result.failure;
    onProgress(++done, pictures.length);
  }

  const groups = copies(seen);
  const namesOf = (group: readonly number[]) => group.map((i) => seen[i]!.picture.name);
  const splitsOf = (names: readonly string[]) => new Set(names.flatMap((name) => partsOf.get(name) ?? []));
  const inSeveral = [...partsOf].filter(([, held]) => held.length > 1).map(([name]) => [name]);
  const duplicates = groups.all.map(namesOf);
  const across = duplicates.filter((names) => splitsOf(names).size > 1);
  const inGroups = new Set(across.flat());
  const shorter = seen.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
  const median = shorter[shorter.length >> 1] ?? 0;
  const isOdd = ({ width, height }: Seen) => {
    const [short, long] = [Math.min(width, height), Math.max(width, height)];
    return long > oddRatio * short || short * oddScale < median || short > oddScale * median;
  };
  const counts = {
    ...Object.fromEntries(classes.map((name) => [name, 0])),
    ...count(pictures, (p) => classes[p.label]!),
  };
  return {
    data: listing.root,
    layout: listing.rule,
    pictures: pictures.length,
    classes: counts,
    splits: Object.fromEntries([...parts].map(([part, held]) => [part, held.length])),
    imbalance: Math.max(...Object.values(counts)) / Math.max(1, Math.min(...Object.values(counts))),
    unreadable: Object.keys(reasons),
    reasons,
    duplicates,
    exact: groups.exact.map(namesOf),
    leaks: [...across, ...inSeveral.filter(([name]) => !inGroups.has(name!))],
    conflicts: groups.all.filter((group) => new Set(group.map((i) => seen[i]!.picture.label)).size > 1).map(namesOf),
    tiny: seen.filter(({ width, height }) => Math.min(width, height) < tinySide).map(({ picture }) => picture.name),
    odd: seen.filter(isOdd).map(({ picture }) => picture.name),
    sizes:
      seen.length === 0
        ? undefined
        : {
            shortest: shorter[0]!,
            median,
            longest: seen.reduce((most, { width, height }) => Math.max(most, width, height), 0),
          },
  };
}
