// Labels flipped on purpose, in real drawings, are found by the embedded model's features.
import { describe, expect, it } from 'vitest';
import { stream } from '../src/base/rng.ts';
import { distinctPictures, type Listing } from '../src/data/dataset.ts';
import { openListing } from '../src/data/sources/index.ts';
import { renamed } from '../src/data/stored.ts';
import { checkLabels } from '../src/train/label-check.ts';

const kept = ['smileys-emotion', 'symbols', 'food-drink'];

/** Every second Noto drawing of three classes. */
async function drawings(): Promise<Listing> {
  const { parts, classes, ...rest } = await openListing('emoji');
  const noto = [...parts].filter(([part]) => ['train', 'val', 'test'].includes(part)).flatMap(([, held]) => held);
  const own = noto.flatMap((picture) => {
    const label = kept.indexOf(classes[picture.label]!);
    return label < 0 ? [] : [renamed(picture, picture.name, label)];
  });
  return { ...rest, classes: kept, parts: new Map([['all', own.filter((_, i) => i % 2 === 0)]]) };
}

/** The same with a fifth of the labels moved on by one class; and the names of those. */
function flip(listing: Listing): { readonly listing: Listing; readonly truth: ReadonlyMap<string, string> } {
  const rng = stream(0, 'flip');
  const truth = new Map<string, string>();
  const all = distinctPictures(listing).map((picture) => {
    if (rng.below(5) > 0) return picture;
    truth.set(picture.name, kept[picture.label]!);
    return renamed(picture, picture.name, (picture.label + 1) % kept.length);
  });
  return { listing: { ...listing, parts: new Map([['all', all]]) }, truth };
}

describe('the labels of 278 emoji', async () => {
  const clean = await drawings();

  it('are mostly believed as they are', async () => {
    const { suspicious, agreement, unjudged } = await checkLabels(clean, { duplicates: [] }, { threads: 1 });
    expect(agreement).toBeGreaterThan(0.78); // measured: 0.84
    expect(suspicious.length).toBeLessThan(20); // measured: 13
    expect(unjudged).toEqual([]);
  });

  it('are suspected where they were flipped', async () => {
    const { listing, truth } = flip(clean);
    const { suspicious } = await checkLabels(listing, { duplicates: [] }, { threads: 1 });
    const found = suspicious.filter(({ name }) => truth.has(name));
    const [precision, recall] = [found.length / suspicious.length, found.length / truth.size];
    expect(precision).toBeGreaterThan(0.5); // measured: 0.65
    expect(recall).toBeGreaterThan(0.3); // measured: 0.38
    expect(found.filter(({ name, suggested }) => truth.get(name) === suggested).length / found.length).toBeGreaterThan(
      0.8,
    );
    expect(suspicious.map(({ confidence }) => confidence)).toEqual(
      suspicious.map(({ confidence }) => confidence).sort((a, b) => b - a),
    );
  });
});
