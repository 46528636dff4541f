// emoji: what kind of thing an emoji shows. Trained on Noto's drawings and tested on other hands' drawings of the same
// characters: a real domain shift, as from ImageNet to ImageNet-R or -Sketch.
import { DataError } from '../../base/errors.ts';
import type { Listing, Picture } from '../dataset.ts';
import { byName, cutOff } from '../split.ts';
import { type BuiltinSet, valShare } from './builtin-set.ts';
import { openIconSet } from './icon-set.ts';

/** Unicode's emoji groups; people (the same drawing in many skin tones) and flags are left out. */
const classes: readonly string[] = [
  'activities',
  'animals-nature',
  'food-drink',
  'objects',
  'smileys-emotion',
  'symbols',
  'travel-places',
];

const source = 'noto';
const shifted = ['twemoji', 'openmoji', 'fluent-emoji-high-contrast'] as const;

/** `Animals & Nature` (or, as OpenMoji writes it, `Animals Nature`) -> `animals-nature`. */
const classOf = (category: string) => category.toLowerCase().replaceAll(/[^a-z]+/g, '-');

/** All drawings of one set that have a class. Each set's own categories decide. Throws DataError. */
async function drawingsOf(style: string): Promise<Picture[]> {
  const set = await openIconSet(`@iconify-json/${style}`);
  const pictures = [...set.categories].flatMap(([category, names]) => {
    const label = classes.indexOf(classOf(category));
    if (label < 0) return [];
    return names.map((icon) => ({
      name: `${style}/${classes[label]}/${icon}.svg`,
      label,
      read: async () => Buffer.from(set.draw(icon)),
      stamp: async () => `${set.id}:${icon}`,
    }));
  });
  return pictures.sort(byName);
}

/** Seed of the split into training, validation and test pictures: part of the set, like its drawings. */
const splitSeed = 0;

async function list(trainCount: number): Promise<Listing> {
  const all = await drawingsOf(source);
  const least = 5 * classes.length;
  const most = all.length - classes.length;
  if (trainCount < least || trainCount > most)
    throw new DataError(
      `data emoji: takes from ${least} to ${most} training pictures of the ${all.length} that ${source} has, got ${trainCount}`,
    );
  const [rest, test] = cutOff(all, classes, all.length - trainCount, splitSeed, 'test', 2);
  const [train, val] = cutOff(rest, classes, Math.round(trainCount * valShare), splitSeed, 'validation');
  const parts = new Map<string, readonly Picture[]>([
    ['train', train],
    ['val', val],
    ['test', test],
  ]);
  for (const style of shifted) parts.set(style, await drawingsOf(style));
  return { name: 'emoji', root: 'emoji', classes, parts, rule: 'built in, stratified' };
}

export const emoji: BuiltinSet = {
  name: 'emoji',
  group: 'Natural',
  summary: `what an emoji shows; trained on ${source}, tested also on ${shifted.join(', ')}`,
  definition: `Emoji on white. The label is Unicode's group of the character: ${classes.join(', ')}. Training, validation and test pictures are Google's (${source}); the shifted test sets are all drawings of the same groups by Twitter (twemoji, flat colours), OpenMoji (outlines) and Microsoft (fluent-emoji-high-contrast, black and white).`,
  classes,
  shifts: shifted,
  list,
};
