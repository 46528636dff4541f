// Runs of `vitune train`, which are in no store: their folder is looked into whenever a page asks.
import { basename, isAbsolute, resolve } from 'node:path';
import { type ListedRun, runLister } from '../../train/run-listing.ts';
import type { RunsView, RunView } from '../api.ts';

function runView({ name, state, spec, trainable, epochs, tests = {}, seconds, changed }: ListedRun): RunView {
  const { data, model, methods, training } = spec;
  const { learningRate, batchSize, seed } = training;
  return {
    ...{ name, state, trainable, seconds, changed },
    method: methods.map((method) => method.name).join('+'),
    data: isAbsolute(data) ? basename(data) : data, // a built-in set's name has a slash
    model: basename(model),
    params: { learningRate, batchSize, seed, ...Object.assign({}, ...methods.map(({ options }) => options)) },
    epochsWanted: training.epochs,
    epochs: epochs.map(({ epoch, train, val }) => ({ epoch, train, ...(val && { val }) })),
    tests: Object.fromEntries(Object.entries(tests).map(([set, { top1 }]) => [set, top1])),
  };
}

/** `folder` as it was given: it is looked up where the server was started. */
export function singleRuns(folder: string): () => Promise<RunsView> {
  const list = runLister(resolve(folder));
  return async () => ({ folder, runs: (await list()).map(runView) });
}
