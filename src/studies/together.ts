// Which trials of a study are trained in one graph: those that differ in nothing but numbers that are fed at each step, and whose
// network is frozen but for a small part at its end. There the calls to the runtime are what takes the time; where all lanes run
// a trunk of their own, one graph for all gains little (docs/training-together.md).
import { identity, type Json } from '../base/identity.ts';
import { loadBackbone } from '../model/load.ts';
import { locateModel } from '../model/locate.ts';
import type { TrialSpec } from '../study/trial.ts';
import { frozenPart, trainedParameters } from '../train/graphs.ts';
import type { RunSpec } from '../train/spec.ts';
import { tuningOf } from '../train/tuning.ts';

/** Share of a step's work that the frozen part has to be. */
const mostlyFrozen = 0.9;

/** Any number of classes tells where the cut is. */
const someClasses = 2;

async function isMostlyFrozen(run: RunSpec): Promise<boolean> {
  const imageSize = run.dataOptions.imageSize || undefined;
  const backbone = await loadBackbone(locateModel(run.model), { imageSize });
  const tuning = tuningOf(run, backbone, someClasses);
  return (frozenPart(tuning, trainedParameters(tuning), 'training')?.saved ?? 0) >= mostlyFrozen;
}

/**
 * A function from trials to keys: equal for those that are worth training together, undefined for one that is better alone. It
 * remembers what it found out about networks.
 */
export function togetherKeys(): (spec: TrialSpec) => Promise<string | undefined> {
  const frozen = new Map<string, Promise<boolean>>();
  return async ({ phase, run, threads, fingerprints }) => {
    const { training, dataOptions, methods, protocol, model } = run;
    if (training.flip || training.randomResizedCrop || training.head !== 'linear') return undefined;
    // What is left out is fed; the graphs themselves have the last word (runtime/lanes.ts).
    const { learningRate: _r, weightDecay: _w, seed: _s, ...same } = training;
    const alike = { phase, methods, training: same, dataOptions, protocol, model, threads, fingerprints };
    const key = identity(alike as unknown as Json);
    const answer = frozen.get(key) ?? isMostlyFrozen(run);
    frozen.set(key, answer);
    return (await answer) ? key : undefined;
  };
}
