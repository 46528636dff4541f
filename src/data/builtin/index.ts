// The registry of built-in sets: one line each.
import type { Listing } from '../dataset.ts';
import { type BuiltinSet, defaultTrainCount } from './builtin-set.ts';
import { emoji } from './emoji.ts';
import { shapesAzimuth } from './shapes-azimuth.ts';
import { shapesCount } from './shapes-count.ts';
import { shapesDistance } from './shapes-distance.ts';
import { shapesLocation } from './shapes-location.ts';
import { shapesOrientation } from './shapes-orientation.ts';
import { texturesSet } from './textures.ts';

export type { BuiltinSet, Group } from './builtin-set.ts';

export const builtinSets: readonly BuiltinSet[] = [
  emoji,
  texturesSet,
  shapesLocation,
  shapesOrientation,
  shapesCount,
  shapesDistance,
  shapesAzimuth,
];

export interface BuiltinData {
  readonly set: BuiltinSet;
  /** Training and validation pictures together. */
  readonly trainCount: number;
  /** Only this one of the shifted test sets. */
  readonly shift: string | undefined;
}

/** What a name stands for: `emoji`, with a number of training pictures `shapes/count:5000`, a shifted set `emoji/twemoji`. */
export function builtinNamed(name: string): BuiltinData | undefined {
  const [, base, count] = /^(.*?)(?::(\d{1,9}))?$/.exec(name)!;
  const trainCount = count === undefined ? defaultTrainCount : Number(count);
  for (const set of builtinSets) {
    if (set.name === base) return { set, trainCount, shift: undefined };
    const shift = set.shifts.find((other) => `${set.name}/${other}` === base);
    if (shift !== undefined && count === undefined) return { set, trainCount, shift };
  }
  return undefined;
}

/** Throws DataError. */
export async function listBuiltin({ set, trainCount, shift }: BuiltinData): Promise<Listing> {
  const listing = await set.list(trainCount);
  if (shift === undefined) return listing;
  const parts = new Map([['test', listing.parts.get(shift)!]]);
  return { ...listing, name: `${listing.name}-${shift}`, root: `${listing.root}/${shift}`, parts };
}

/** Several sets under one name, to be trained on one by one and averaged within groups. */
export interface Suite {
  readonly name: string;
  readonly summary: string;
  readonly sets: readonly BuiltinSet[];
}

/**
 * VTAB-1k in kind: its three groups, 1000 training pictures a set. Natural is drawings of natural things, as no photographs
 * may ship; Specialized is textures, as its satellite and microscope pictures are told apart by what fills the frame;
 * Structured asks what dSprites, CLEVR and smallNORB ask.
 */
export const miniVtab: Suite = {
  name: 'mini-vtab',
  summary: `VTAB-1k in kind: ${builtinSets.length} sets in three groups, 1000 training pictures each`,
  sets: builtinSets,
};

export const suites: readonly Suite[] = [miniVtab];

/** What lists and records tell of a set. */
export const factsOf = ({ name, group, summary, definition, classes, shifts }: BuiltinSet) => ({
  name,
  group,
  summary,
  definition,
  classes,
  shifts,
});
