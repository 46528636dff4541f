// What an interoperability case is: something made by another library, and how far vitune is from it. One checker file a
// kind of folder; the registry is checkers/index.ts.

/** One compared quantity. It passes where `excess` is at most 1. */
export interface Figure {
  readonly name: string;
  /** Largest absolute difference. */
  readonly error: number;
  /** Largest difference as a share of what is tolerated there. */
  readonly excess: number;
}

export type Outcome = readonly Figure[] | { readonly skip: string };

export interface Case {
  readonly name: string;
  readonly run: () => Promise<Outcome>;
}

/** The cases of a folder. `root` holds the folders of all kinds, for those that refer to each other. */
export type Checker = (folder: string, root: string) => Promise<readonly Case[]>;

export const skipped = (name: string, why: string): Case => ({ name, run: async () => ({ skip: why }) });
