// A study's runs, counted: what its standing is worked out from, whatever the number of runs.
import type { TrialState } from './rows.ts';
import type { Phase } from './trial.ts';

/** Runs of one kind in one state; those that a budget left out are not counted. */
export interface Group {
  readonly cell: number;
  readonly phase: Phase;
  readonly round: number;
  readonly state: TrialState;
  readonly runs: number;
  /** What those that are done took, summed. */
  readonly seconds: number;
}

export interface Tally {
  readonly groups: readonly Group[];
  readonly running: readonly {
    readonly trial: string;
    readonly cell: number;
    readonly phase: Phase;
    readonly round: number;
  }[];
  /** Of each cell where a point is done: the highest validation accuracy. */
  readonly best: readonly {
    readonly cell: number;
    readonly params: Readonly<Record<string, unknown>>;
    readonly val: number;
  }[];
  readonly failures: readonly {
    readonly trial: string;
    readonly cell: number;
    readonly params: Readonly<Record<string, unknown>>;
    readonly reason: string | null;
  }[];
}
