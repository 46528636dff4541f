// The two graphs of a cut (cut.ts), for any number of pictures: below, pictures -> one row of numbers each, `features`; above,
// these rows -> what the whole graph gives.

import { sizeOf } from '../base/tensor.ts';
import { type Cut, cheapestCut } from './cut.ts';
import { Graph } from './graph.ts';
import { anyBatch } from './open-batch.ts';
import { concat, reshape, split } from './ops/shape.ts';
import { replay, shapeAt } from './replay.ts';
import type { Value } from './types.ts';

/** A graph for `anyBatch` pictures: where they enter, and what is wanted of it. */
export interface Whole {
  readonly pictures: Value;
  readonly roots: readonly Value[];
}

export const cutOf = ({ roots, pictures }: Whole): Cut | undefined => cheapestCut(roots, pictures);

const widthOf = ({ shape }: Value): number => sizeOf(shape) / anyBatch;

/** Pictures, as the whole graph takes them -> output `features` (B, width). */
export function belowCut({ kept }: Cut, batch: number): Graph {
  const graph = new Graph();
  const rows = replay(kept, graph, batch).map((value, i) => reshape(value, [batch, widthOf(kept[i]!)]));
  graph.output('features', concat(rows, 1));
  return graph;
}

/** Input `features` (B, width) and all that the whole graph takes besides pictures -> its roots. */
export function aboveCut({ kept, width }: Cut, roots: readonly Value[], batch: number) {
  const graph = new Graph();
  const features = graph.input('features', 'float32', [batch, width]);
  const rows = split(features, 1, kept.map(widthOf));
  const given = new Map(kept.map((value, i) => [value, reshape(rows[i]!, shapeAt(value.shape, batch))] as const));
  return { graph, roots: replay(roots, graph, batch, given) };
}
