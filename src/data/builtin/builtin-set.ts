// What a built-in set is, and the maker of those whose pictures are drawn: picture i of a split comes from a random stream
// of its own, so that it is the same in every run, on every machine, however many pictures are asked for.
import { DataError } from '../../base/errors.ts';
import { type Rng, stream } from '../../base/rng.ts';
import type { Listing, Picture } from '../dataset.ts';

/** VTAB's three groups (arXiv 1910.04867): photographs, special instruments, rendered scenes with measurable answers. */
export type Group = 'Natural' | 'Specialized' | 'Structured';

export interface BuiltinSet {
  readonly name: string;
  readonly group: Group;
  /** One line for a list. */
  readonly summary: string;
  /** What a picture shows, what the label is, and what varies besides. */
  readonly definition: string;
  readonly classes: readonly string[];
  /** Names of the shifted test sets with the same classes. */
  readonly shifts: readonly string[];
  /**
   * Its parts `train` (four fifths of `trainCount`), `val` (the other fifth), `test`, and the shifted test sets by name.
   * Throws DataError.
   */
  readonly list: (trainCount: number) => Promise<Listing>;
}

/** VTAB-1k's sizes: 800 training and 200 validation pictures. */
export const defaultTrainCount = 1000;
export const valShare = 0.2;
const testCount = 1000;
/** Far above any use of rendered pictures; more is a slip of the keyboard. */
const maxTrainCount = 10_000_000;

/** A set of drawings. */
export interface Drawn extends Omit<BuiltinSet, 'list' | 'shifts'> {
  /** Raised whenever a drawing changes: part of every picture's stream and stamp. */
  readonly version: number;
  /** A drawing of class `label` as SVG; everything else is drawn from `rng`. */
  readonly draw: (label: number, rng: Rng) => string;
}

function pictureOf({ name: set, version, classes, draw }: Drawn, split: string, index: number): Picture {
  const label = index % classes.length;
  const name = `${split}/${classes[label]}/${String(index).padStart(5, '0')}.svg`;
  return {
    name,
    label,
    read: async () => Buffer.from(draw(label, stream(version, set, split, index))),
    stamp: async () => `builtin:${set}:${version}:${split}:${index}`,
  };
}

/** Classes take turns, so every split is balanced to within one picture. */
export function drawnSet(drawn: Drawn): BuiltinSet {
  const { name, group, summary, definition, classes } = drawn;
  return {
    name,
    group,
    summary,
    definition,
    classes,
    shifts: [],
    async list(trainCount) {
      const least = 5 * classes.length;
      if (trainCount < least || trainCount > maxTrainCount)
        throw new DataError(
          `data ${name}: takes from ${least} to ${maxTrainCount} training pictures, got ${trainCount}`,
        );
      const make = (split: 'train' | 'test', from: number, to: number) =>
        Array.from({ length: to - from }, (_, i) => pictureOf(drawn, split, from + i));
      const kept = trainCount - Math.round(trainCount * valShare);
      return {
        name: name.replaceAll('/', '-'),
        root: name,
        classes,
        parts: new Map([
          ['train', make('train', 0, kept)],
          ['val', make('train', kept, trainCount)],
          ['test', make('test', 0, testCount)],
        ]),
        rule: `built in, version ${drawn.version}`,
      };
    },
  };
}
