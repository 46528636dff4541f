// What studies run on here: data and models of this machine, and the training run.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { RunError } from '../base/errors.ts';
import { listFingerprint } from '../data/cache.ts';
import type { SplitName } from '../data/dataset.ts';
import { locateData } from '../data/locate.ts';
import { openSafetensors } from '../formats/safetensors-file.ts';
import { loadBackbone } from '../model/load.ts';
import { defaultModel, embeddedModels, locateModel } from '../model/locate.ts';
import { planPresets } from '../presets/index.ts';
import type { DataFacts, ModelFacts, StudyEnvironment, TrialJob, TrialResult } from '../study/environment.ts';
import type { Phase } from '../study/trial.ts';
import { fingerprintOfSets, openSplits, picturesBySet } from '../train/data-splits.ts';
import type { DoneEvent } from '../train/events.ts';
import { type GroupPlace, openPlaces } from '../train/group-place.ts';
import { readEpochs } from '../train/metrics-log.ts';
import { runTraining } from '../train/run.ts';
import { clearRunFolder, readJson, runFiles } from '../train/run-folder.ts';
import { wisePasses } from '../train/wise-curve.ts';
import { knownGroup } from './data-groups.ts';
import { togetherKeys } from './together.ts';

/** The files of a run that the store keeps. */
const predictions = [runFiles.valLogits, runFiles.testLogits, runFiles.wise];
/** Nobody tries a grid point's adapter again, and one of full fine-tuning is as large as the model. */
const keptFiles: Readonly<Record<Phase, readonly string[]>> = {
  tune: predictions,
  final: [runFiles.adapter, runFiles.adapterConfig, ...predictions],
};

async function dataFacts(spec: Parameters<StudyEnvironment['data']>[0]): Promise<DataFacts> {
  const dataset = await openSplits(spec);
  const { name, classes, splits, shifts } = dataset;
  const prints: [string, string][] = [];
  for (const [set, pictures] of picturesBySet(dataset)) prints.push([set, await listFingerprint(pictures)]);
  const count = (split: SplitName) => splits[split].length;
  const tests = [splits.test, ...shifts.values()].map(({ length }) => length);
  return {
    name,
    classes: classes.length,
    group: knownGroup(spec),
    pictures: { train: count('train'), val: count('val'), test: count('test') },
    testPasses: tests.reduce((sum, count) => sum + count, 0) + (shifts.size > 0 ? wisePasses(tests) : 0),
    fingerprint: fingerprintOfSets(prints),
  };
}

/** 1 for each picture whose largest logit (the first among equals) is its class', else 0. Throws what reading throws. */
async function rightOnes(path: string): Promise<Uint8Array> {
  const file = await openSafetensors(path);
  const [logits, labels] = [await file.read('logits'), await file.read('labels')];
  const classes = logits.shape[1]!;
  return Uint8Array.from(labels.data as Int32Array, (label, i) => {
    const row = (logits.data as Float32Array).subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row)) === label ? 1 : 0;
  });
}

interface FinishedRun {
  readonly status: string;
  readonly trainableWithoutHead: number;
  readonly result: DoneEvent;
}

/** What a finished run's folder holds; undefined where it isn't finished. */
async function collect(folder: string, phase: Phase): Promise<TrialResult | undefined> {
  const run = await readJson<FinishedRun>(join(folder, runFiles.spec));
  if (run?.status !== 'done') return undefined;
  const files: Record<string, Uint8Array> = {};
  for (const name of keptFiles[phase])
    if (existsSync(join(folder, name))) files[name] = await readFile(join(folder, name));
  const { val, tests, seconds, peakMemoryBytes: memory, keptEpoch } = run.result;
  return {
    val,
    tests,
    parameters: run.trainableWithoutHead,
    seconds,
    memory,
    keptEpoch,
    valRight: val ? await rightOnes(join(folder, runFiles.valLogits)) : undefined,
    files,
  };
}

/** Milliseconds that a worker which lost its trial may take for the step it was in. */
const lastStep = 60_000;

async function run({ spec, folder, signal, onEvent, place }: TrialJob): Promise<TrialResult | undefined> {
  const { run: wanted, threads, phase } = spec;
  await clearRunFolder(folder, lastStep);
  // It may be another store that this run was begun for: this one is told of all its epochs.
  for (const epoch of await readEpochs(folder)) await onEvent(epoch);
  // Killed after the run and before its result reached the store: the folder has it all.
  const finished = await collect(folder, phase);
  if (finished) return finished;
  const local = { ...wanted, model: locateModel(wanted.model) };
  for await (const event of runTraining({
    spec: local,
    folder,
    resume: true,
    test: phase === 'final',
    wise: true,
    threads,
    signal,
    place: place as GroupPlace | undefined, // places are made by `together`
  })) {
    await onEvent(event);
    if (event.type === 'interrupted') return undefined;
    await new Promise(setImmediate); // native steps block; let signals and heartbeats in
  }
  const result = await collect(folder, phase);
  if (!result) throw new RunError(`${folder}: the run ended without a result`);
  return result;
}

/** Remembers the answer for each argument: what a process looked at once is not hashed again. */
function remember<A, T>(ask: (argument: A) => Promise<T>): (argument: A) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (argument) => {
    const key = JSON.stringify(argument);
    const answer = answers.get(key) ?? ask(argument);
    answers.set(key, answer);
    return answer;
  };
}

export function studyEnvironment(): StudyEnvironment {
  return {
    presets: planPresets,
    defaultModel,
    locateData(reference, from) {
      const here = resolve(from, reference);
      if (existsSync(here)) return here;
      const located = locateData(reference);
      // No built-in name: a path, and the plan's paths don't depend on where someone stands.
      return located === resolve(reference) ? here : located;
    },
    // Embedded models keep their name: another machine has them elsewhere.
    locateModel: (reference, from) =>
      embeddedModels().includes(reference) ? reference : locateModel(resolve(from, reference)),
    data: remember(dataFacts),
    model: remember(async (model): Promise<ModelFacts> => {
      const { config, fingerprint } = await loadBackbone(locateModel(model));
      return { name: basename(model), config, fingerprint };
    }),
    together: { key: togetherKeys(), places: openPlaces },
    run,
  };
}
