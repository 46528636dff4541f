// What a data set is to the rest of the code: class names, and pictures with labels in three splits. Sources (sources/) make
// it from what lies on disk; a picture's bytes are read only when they are needed.

export interface Picture {
  /** Path relative to the data's root with `/` between parts: unique and the same on every machine. */
  readonly name: string;
  /** Index into the class names. */
  readonly label: number;
  /** The encoded picture. */
  read(): Promise<Uint8Array>;
  /**
   * Tells the picture's bytes from all others that were ever on this machine (file, size, times of change) without reading
   * them: what is remembered about a stamp is never checked again.
   */
  stamp(): Promise<string>;
}

export type SplitName = 'train' | 'val' | 'test';
export const splitNames: readonly SplitName[] = ['train', 'val', 'test'];

/** The part of a listing that knows no splits. */
export const wholePart = 'all';

/** What a source finds at a place, before any protocol divides it. */
export interface Listing {
  /** Short name for folders and tables. */
  readonly name: string;
  readonly root: string;
  readonly classes: readonly string[];
  /**
   * The pictures in the parts that they lie in, in a fixed order: `train`, `val` and `test`, others by their own names
   * (`train800`, `sketch`), or everything as `all`. A picture may be in several parts; inside one its name is unique.
   */
  readonly parts: ReadonlyMap<string, readonly Picture[]>;
  /** What the parts come from, for people and records: `folders`, `lists`. */
  readonly rule: string;
  /** Further test sets, by name, made of whichever pictures are tested on: corrupted copies of them. Left out = none. */
  readonly shiftsOf?: (test: readonly Picture[]) => ReadonlyMap<string, readonly Picture[]>;
}

/** Every picture of a listing once, in the order of its parts. */
export const distinctPictures = ({ parts }: Listing): readonly Picture[] => [
  ...new Map([...parts.values()].flat().map((picture) => [picture.name, picture])).values(),
];

/** A listing that a protocol has divided for one run. */
export interface Dataset {
  readonly name: string;
  readonly root: string;
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly Picture[]>>;
  /** Further test sets by name, e.g. of other domains; they may have a part of the classes. */
  readonly shifts: ReadonlyMap<string, readonly Picture[]>;
  /** How the splits came about, for people and records: `folders`, `stratified, seed 0`. */
  readonly splitRule: string;
}

/** Takes something a person should know, in one line. */
export type Warn = (line: string) => void;

/** Where a caller doesn't listen: Node prints it, and programs can hear it by `process.on('warning')`. */
export const warnOnProcess: Warn = (line) => process.emitWarning(line, 'VituneWarning');

/** What divides a set, whatever the protocol. */
export interface SplitOptions {
  readonly seed: number;
  /** Shares of all pictures, where the source has no such split of its own. */
  readonly valFraction: number;
  readonly testFraction: number;
  /**
   * Training pictures (validation included); 0 = all. Of a set without splits the rest is for test; of a set with its own,
   * the rest isn't used.
   */
  readonly trainCount: number;
}

/** Where data was said to be: a file or folder that is there. */
export interface Place {
  /** As it was given, for messages. */
  readonly path: string;
  /** Its name without the folders above it. */
  readonly name: string;
  /** The real path, links resolved. */
  readonly root: string;
  readonly isFolder: boolean;
  /** Told what was left out of the data on purpose. */
  readonly warn: Warn;
}

/** One way of laying out data: one file in sources/, one line in its index. */
export interface Source {
  readonly name: string;
  /** What it reads, in a few words. */
  readonly summary: string;
  /** Whether the place looks like it, from names and at most a file's header. Throws DataError for a damaged one. */
  readonly recognises: (place: Place) => Promise<boolean>;
  /** Lists classes and pictures without reading any. Throws DataError, one line. */
  readonly list: (place: Place) => Promise<Listing>;
}
