// Results on disk: a JSON file, and a table in a Markdown file between two markers. A run replaces the rows that it measured
// and keeps the others, if they come from the same machine and versions.
import { readFile, writeFile } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { bytes } from '../../src/cli/output.ts';
import { geometricMean } from './alternate.ts';
import { type Machine, machineText } from './machine.ts';
import { markdownTable, replaceSection } from './markdown.ts';
import { atLeast, type Goal, type Line } from './row.ts';

export interface Result extends Line {
  readonly row: string;
  readonly clock: 'wall' | 'cpu';
  readonly threads: number;
  readonly rounds: number;
  /** Load average at the row's end: 1 a core that is busy. */
  readonly load: number;
  /** ISO 8601. */
  readonly measured: string;
}

export interface Results {
  readonly machine: Machine;
  readonly results: readonly Result[];
}

/** The mean that the fp32 steps have a goal for. */
const meanGoal = atLeast(1.15);
const isStep = ({ row }: Result) => row.startsWith('step-');

/** A line of its own for the steps' mean, where all were measured and compared. */
export function withMean(results: readonly Result[], steps: number): readonly Result[] {
  const ofSteps = results.filter((result) => isStep(result) && result.ratio);
  if (ofSteps.length < steps) return results;
  const mean = (of: (result: Result) => number) => geometricMean(ofSteps.map(of));
  const ratio = {
    median: mean((r) => r.ratio!.median),
    low: mean((r) => r.ratio!.low),
    high: mean((r) => r.ratio!.high),
  };
  const line: Result = {
    ...ofSteps[0]!,
    row: 'geometric-mean',
    work: 'geometric mean of the fp32 steps',
    ours: mean((r) => r.ours),
    theirs: mean((r) => r.theirs!),
    ratio,
    goal: meanGoal,
    holds: ratio.median >= meanGoal.value,
    note: '',
  };
  const last = results.findLastIndex(isStep);
  return [...results.slice(0, last + 1), line, ...results.slice(last + 1)];
}

export const amount = (value: number, unit: Line['unit']): string =>
  unit === 'bytes' ? bytes(value) : `${value.toPrecision(3)} ${unit}`;

const goalText = ({ rule, value, of }: Goal, unit: Line['unit']) =>
  `${rule} ${of === 'ratio' ? `${value} x` : amount(value, unit)}`;

/** Cells of a line: work, ours, theirs, ratio with its spread, goal, whether it holds, how. */
export function cells(line: Line): readonly string[] {
  const { ratio, goal, holds, unit, theirs } = line;
  const two = (value: number) => value.toFixed(2);
  return [
    line.work,
    amount(line.ours, unit),
    theirs === undefined ? 'no peer' : `${amount(theirs, unit)} (${line.against})`,
    ratio ? `${two(ratio.median)} (${two(ratio.low)} to ${two(ratio.high)})` : '',
    goal ? goalText(goal, unit) : '',
    holds === undefined ? '' : holds ? 'yes' : 'no',
    line.note ?? '',
  ];
}

export const header = ['work', 'ours', 'theirs', 'ratio (range)', 'goal', 'holds', 'how'] as const;

/** With what the file holds of other rows. */
export async function merged(path: string, { machine, results }: Results, order: readonly string[]): Promise<Results> {
  const before = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as Results)
    .catch(() => undefined);
  const kept =
    before && isDeepStrictEqual(before.machine, JSON.parse(JSON.stringify(machine)))
      ? before.results.filter(({ row }) => !results.some((result) => result.row === row) && order.includes(row))
      : [];
  const all = [...kept, ...results].sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row));
  return { machine, results: all };
}

/** Writes the table into a Markdown file and the figures beside it, with `.json` for `.md`. */
export async function writeResults(path: string, measured: Results, order: readonly string[], steps: number) {
  const json = path.replace(/\.md$/, '.json');
  const { machine, results } = await merged(json, measured, order);
  await writeFile(json, `${JSON.stringify({ machine, results }, undefined, 2)}\n`);
  const loads = results.map(({ load }) => load);
  const conditions = [
    machineText(machine),
    `load ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
    `threads ${[...new Set(results.map(({ threads }) => threads))].join(', ')}`,
  ].join('; ');
  const table = markdownTable(header, withMean(results, steps).map(cells));
  await replaceSection(path, 'bench', `${conditions}.\n\n${table}`);
}
