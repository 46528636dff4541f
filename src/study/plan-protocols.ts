// The protocols of a plan's data: names and options checked, and each combination of option values, and each fold, a data set of
// its own.
import { messageOf } from '../base/errors.ts';
import { type ProtocolChoice, protocolNamed } from '../data/protocols/index.ts';
import { axesOf, type Tell } from './axes.ts';
import { tuningRounds } from './divisions.ts';
import { gridPoints, gridSize } from './grid.ts';
import type { ProtocolEntry } from './plan.ts';

export interface Division {
  /** What tells it from the entry's other divisions; empty where it is the only one. */
  readonly label: string;
  readonly protocol: ProtocolChoice;
}

/** Divisions of one data set: more than this is a slip of the pen. */
const maxDivisions = 1000;

const distinct = (labels: readonly string[]): boolean => new Set(labels).size === labels.length;

/** All divisions that a protocol entry stands for; empty where something is wrong, which is told. */
export function divisionsOf({ name, options: given }: ProtocolEntry, tellName: Tell, tellOption: Tell): Division[] {
  let fine = true;
  try {
    const table = protocolNamed(name).options;
    const axes = axesOf('protocol', table, given, false, (path, message) => {
      fine = false;
      tellOption(path, message);
    });
    if (!fine) return [];
    if (gridSize(axes) > maxDivisions) {
      tellName([], `stands for ${gridSize(axes)} data sets; at most ${maxDivisions} can be planned`);
      return [];
    }
    const varied = axes.filter(({ values }) => values.length > 1).map(({ option }) => option);
    const divisions = gridPoints(axes).flatMap(({ values: { protocol: options } }) =>
      tuningRounds({ name, options: options as ProtocolChoice['options'] }).map((round) => ({
        settings: varied.map((option) => `${option} ${String(options[option])}`).join(', '),
        protocol: { name, round, options: options as ProtocolChoice['options'] },
      })),
    );
    const byRound = distinct(divisions.map(({ protocol }) => protocol.round));
    return divisions.map(({ settings, protocol }) => {
      const label = byRound ? protocol.round : `${settings} ${protocol.round}`;
      return { label: divisions.length === 1 ? '' : label, protocol };
    });
  } catch (error) {
    tellName([], messageOf(error));
    return [];
  }
}
