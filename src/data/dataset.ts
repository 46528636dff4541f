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

export interface Dataset {
  /** Short name for folders and tables. */
  readonly name: string;
  readonly root: string;
  readonly classes: readonly string[];
  readonly splits: Readonly<Record<SplitName, readonly Picture[]>>;
  /** How the splits came about, for people and records: `folders`, `stratified, seed 0`. */
  readonly splitRule: string;
}

/** Takes something a person should know, in one line. */
export type Warn = (line: string) => void;

/** Where a caller doesn't listen: Node prints it, and programs can hear it by `process.on('warning')`. */
export const warnOnProcess: Warn = (line) => process.emitWarning(line, 'VituneWarning');

export interface SplitOptions {
  readonly seed: number;
  /** Shares of all pictures, where the source has no such split of its own. */
  readonly valFraction: number;
  readonly testFraction: number;
  /** Training pictures (validation included), the rest for test; 0 = by `testFraction`. */
  readonly trainCount: number;
  /** Told what was left out of the data on purpose. Left out = a process warning. */
  readonly onWarning?: Warn;
}

/** One way of laying out data: one file in sources/, one line in its index. */
export interface Source {
  readonly name: string;
  /** Throws DataError, one line. */
  readonly open: (path: string, options: SplitOptions) => Promise<Dataset>;
}
