// A row of the comparison: what is measured, and the lines that come out of it.
import { median, type Ratio, ratioOf } from './alternate.ts';
import type { Bench } from './bench.ts';

export interface Row {
  /** For --only. */
  readonly name: string;
  /** Whether --quick has it. */
  readonly quick: boolean;
  measure(bench: Bench): Promise<readonly Line[]>;
}

/** Rates are better high, seconds and bytes low. */
export type Unit = 'images/s' | 'trials/s' | 's' | 'bytes';

export interface Goal {
  readonly rule: 'at least' | 'at most';
  readonly value: number;
  /** Of ours to the other side's, or of ours alone. */
  readonly of: 'ratio' | 'ours';
}

export interface Line {
  readonly work: string;
  readonly unit: Unit;
  /** Medians. */
  readonly ours: number;
  readonly theirs?: number;
  /** Whose `theirs` is. */
  readonly against: string;
  /** ours / theirs. */
  readonly ratio?: Ratio;
  readonly goal?: Goal;
  /** Left out where there is no goal, or nothing to compare with. */
  readonly holds?: boolean;
  readonly note?: string;
}

export const atLeast = (value: number, of: Goal['of'] = 'ratio'): Goal => ({ rule: 'at least', value, of });
export const atMost = (value: number, of: Goal['of'] = 'ratio'): Goal => ({ rule: 'at most', value, of });

const meets = (goal: Goal, value: number): boolean =>
  goal.rule === 'at least' ? value >= goal.value : value <= goal.value;

/** The line of two sides' numbers, round by round; without theirs, of ours alone. */
export function compare(args: {
  readonly work: string;
  readonly unit: Unit;
  readonly ours: readonly number[];
  readonly theirs: readonly number[] | undefined;
  readonly against: string;
  readonly goal?: Goal;
  readonly note?: string;
}): Line {
  const { work, unit, ours, theirs, against, goal, note } = args;
  const ratio = theirs && ratioOf(ours, theirs);
  const judged = goal?.of === 'ours' ? median(ours) : ratio?.median;
  return {
    work,
    unit,
    ours: median(ours),
    against,
    ...(theirs && ratio ? { theirs: median(theirs), ratio } : {}),
    ...(goal ? { goal } : {}),
    ...(goal && judged !== undefined ? { holds: meets(goal, judged) } : {}),
    ...(note ? { note } : {}),
  };
}
