// A run's place among runs that are trained together.
import { type Lane, openLanes } from '../runtime/lanes.ts';
import { createOpenings, type Openings } from './openings.ts';

/** A run's place among others: its lane in their graph, and what they open once for all. */
export interface GroupPlace extends Lane {
  readonly openings: Openings;
}

/** Places for `count` runs. */
export function openPlaces(count: number): GroupPlace[] {
  const openings = createOpenings();
  return openLanes(count).map((lane) => ({ ...lane, openings }));
}
