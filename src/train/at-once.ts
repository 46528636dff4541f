// How many pictures go through a graph at once, by rule of thumb: so many that a layer of them stays in a core's caches.
import type { Cut } from '../graph/cut.ts';
import { tokenCount, type VitConfig } from '../model/config.ts';
import type { Device } from '../runtime/session.ts';

/** A layer's activations, with a backward pass: measured best on ViT-B (4 pictures) and ViT-S at 98 pixels (32). */
const trainingBytes = 8 * 2 ** 20;
/** Without one: measured best on ViT-B (2 or 4), ViT-S at 98 pixels (8 or 16) and at 56 (32 or 64). */
const evaluationBytes = 4 * 2 ** 20;

/** From features of a small head a rule of bytes alone would ask for any number. */
const largestEvaluation = 256;
/** On a graphics processor the calls cost more than what doesn't fit into a cache. */
const smallestOnDevices = 16;

/** Numbers of a picture in the largest layer: the MLP's, or what is left of the network above the cut. */
export const widestLayer = (config: VitConfig, cut?: Cut): number =>
  Math.min(cut?.widest ?? Number.POSITIVE_INFINITY, tokenCount(config) * config.hidden);

/** The power of two whose layer comes closest to `bytes`. */
const filling = (bytes: number, widest: number) => 2 ** Math.max(0, Math.round(Math.log2(bytes / (widest * 4))));

/** Pictures a micro-batch, at most the batch; `widest` as `widestLayer` has it. */
export const trainingAtOnce = (widest: number, batchSize: number): number =>
  Math.min(filling(trainingBytes, widest), batchSize);

/** Pictures an evaluation runs at once, from pixels or from the features of a cut. */
export function evaluationAtOnce(config: VitConfig, device: Device, cut?: Cut): number {
  const size = Math.min(largestEvaluation, filling(evaluationBytes, widestLayer(config, cut)));
  return device === 'cpu' ? size : Math.max(smallestOnDevices, size);
}
