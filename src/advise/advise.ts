// Which method for these pictures? The published trials say what to expect, a linear head on cached features and a few short
// probes say what is different here, and the most promising method is probed next until the budget is spent or nothing is
// worth its time any more. Probes are ordinary runs with a seed; killed or stopped, they go on where they were.
import { join, resolve } from 'node:path';
import { scoreTable } from '../analysis/accuracy.ts';
import { expectedImprovement } from '../analysis/advise/expected.ts';
import { drawAccuracies, methodPrior } from '../analysis/advise/transfer.ts';
import { indexOfMax, mean } from '../analysis/collect.ts';
import { loadPublishedStudy } from '../analysis/published/load.ts';
import { publishedResults } from '../analysis/published/study.ts';
import { DataError, messageOf, VituneError } from '../base/errors.ts';
import { identity, type Json } from '../base/identity.ts';
import { loadBackbone } from '../model/load.ts';
import { openRuntime } from '../runtime/node.ts';
import type { RunEvent } from '../train/events.ts';
import { preparationOf } from '../train/preparation.ts';
import { runTraining } from '../train/run.ts';
import { openRunData, type RunData } from '../train/run-data.ts';
import { readJson, runFiles, takeRunFolder } from '../train/run-folder.ts';
import type { RunSpec } from '../train/spec.ts';
import {
  type Advice,
  adviceFrom,
  type Candidate,
  epochSeconds,
  type Findings,
  measurementsOf,
  type ProbeRecord,
  priorOf,
} from './advice.ts';
import { candidatesFor } from './candidates.ts';
import { type ExtractedFeatures, extractFeatures, readFeatures } from './features.ts';
import { probeHead } from './head-probe.ts';
import { type AdviseOptions, type Question, questionOf, specAt } from './options.ts';
import { type AdviceState, readState, writeState } from './state.ts';

export type AdviceEvent =
  | { readonly type: 'decoding' | 'features'; readonly done: number; readonly total: number }
  | { readonly type: 'head'; readonly top1: number; readonly pictures: number }
  | {
      readonly type: 'probe';
      readonly method: string;
      readonly epochs: number;
      /** Share of this probe that is done. */
      readonly share: number;
      /** Seconds of the budget that are left. */
      readonly secondsLeft: number;
    }
  | ({ readonly type: 'probed' } & ProbeRecord)
  | ({ readonly type: 'advice' } & Advice);

/** Probes that the budget should have room for when their length is fixed: more tell more than longer ones. */
const plannedProbes = 6;
/** A probe is a few epochs. */
const mostProbeEpochs = 5;
/** Expected improvement, a share, below which a further probe isn't worth its time: 0.1 points. */
const worthwhile = 0.001;
/** A probe may exceed what is left by this share of the budget: its time was a guess. */
const grace = 0.1;

const finished = async (folder: string): Promise<{ top1: number; seconds: number } | undefined> => {
  const run = await readJson<{ status: string; result: { val: { top1: number }; seconds: number } }>(
    join(folder, runFiles.spec),
  );
  return run?.status === 'done' ? { top1: run.result.val.top1, seconds: run.result.seconds } : undefined;
};

/** Pictures of the training split as an evaluation reads them. */
function plainPictures({ train }: RunData, [height, width]: readonly number[]) {
  const bytes = height! * width! * 3;
  return {
    count: train.count,
    labels: train.labels,
    copy: (i: number, out: Uint8Array, offset: number) => train.read([i], 0, out.subarray(offset, offset + bytes)),
  };
}

/** Asks. The last event is the advice. Throws VituneError. */
export async function* advise(options: AdviseOptions): AsyncGenerator<AdviceEvent, void, void> {
  const question = questionOf(options);
  const study = loadPublishedStudy();
  const published = methodPrior(scoreTable(publishedResults(study, 'vtab')));
  const device = { device: options.device ?? 'cpu', ...(options.threads ? { threads: options.threads } : {}) } as const;
  const runtime = await openRuntime(device);
  const point = { options: {}, training: { learningRate: 1e-3, weightDecay: 1e-4 } };
  const spec = specAt(question, study.methods.find(({ trains }) => trains === 'head')!.name, point, 1);
  const loaded = await loadBackbone(spec.model, { imageSize: spec.dataOptions.imageSize || undefined });
  const backbone = { ...loaded, preprocessing: preparationOf(spec, loaded.preprocessing) };
  const data = yield* decoded(spec, backbone.preprocessing);
  try {
    const candidates = candidatesFor(study, question, backbone, data.classes.length);
    const { budget: _, tolerance: __, ...asked } = question;
    const id = identity({ ...asked, fingerprints: [data.fingerprint, backbone.fingerprint] } as unknown as Json);
    const folder = resolve(options.folder ?? join('runs', `${data.name}-advice-${id.slice(0, 8)}`));
    const lock = await takeRunFolder(folder);
    try {
      const held = await readState(folder, id);
      const labels = { train: data.train.labels, val: data.val.labels };
      const features: ExtractedFeatures | undefined = held
        ? await readFeatures(folder, labels)
        : yield* tellFeatures(
            extractFeatures({
              runtime,
              backbone,
              train: plainPictures(data, backbone.preprocessing.imageSize),
              val: data.val,
              folder,
              signal: options.signal,
            }),
          );
      const unknown: Findings = { head: undefined, probes: [], secondsPerPicture: 0, pictures: data.train.count };
      if (!features) {
        yield {
          type: 'advice',
          ...adviceFrom(question, published, candidates, unknown, { folder, seconds: 0, complete: false }),
        };
        return;
      }
      const started = performance.now();
      const top1 = held?.head?.top1 ?? (await probeHead(runtime, features, data.classes.length, question.seed)).top1;
      const head = { top1, pictures: data.val.count };
      yield { type: 'head', ...head };
      const { secondsPerPicture } = features;
      const usual = candidates.map((c) => epochSeconds(c, { ...unknown, secondsPerPicture })).toSorted((a, b) => a - b);
      const affordable = Math.floor(question.budget / plannedProbes / Math.max(usual[usual.length >> 1]!, 1e-3));
      const fresh: AdviceState = {
        ...{ format: 'vitune-advice-1', id, head, secondsPerPicture, probes: [] },
        probeEpochs: Math.max(1, Math.min(mostProbeEpochs, question.epochs, affordable)),
        seconds: secondsPerPicture * (data.train.count + data.val.count) + (performance.now() - started) / 1000,
      };
      if (!held) await writeState(folder, fresh);
      yield* probing({
        options,
        question,
        folder,
        candidates,
        published,
        state: held ?? fresh,
        pictures: data.train.count,
      });
    } finally {
      await lock.release();
    }
  } finally {
    data.close();
  }
}

/** Opens the data, telling of nothing but decoding. Throws DataError without validation pictures. */
async function* decoded(
  spec: RunSpec,
  preprocessing: Parameters<typeof openRunData>[1],
): AsyncGenerator<AdviceEvent, RunData, void> {
  const opening = openRunData(spec, preprocessing, false);
  for (;;) {
    const { done, value } = await opening.next();
    if (!done) {
      if (value.type === 'decoding') yield value;
      continue;
    }
    if (value.val.count > 0) return value;
    value.close();
    throw new DataError(`data ${spec.data}: advice needs validation pictures; give a val/ folder or --val-fraction`);
  }
}

async function* tellFeatures(
  work: ReturnType<typeof extractFeatures>,
): AsyncGenerator<AdviceEvent, ExtractedFeatures | undefined, void> {
  for (;;) {
    const { done, value } = await work.next();
    if (done) return value;
    yield { type: 'features', ...value };
  }
}

interface Probing {
  readonly options: AdviseOptions;
  readonly question: Question;
  readonly folder: string;
  readonly candidates: readonly Candidate[];
  readonly published: ReturnType<typeof methodPrior>;
  readonly state: AdviceState;
  readonly pictures: number;
}

/** The method to probe next and whether any is left: the largest expected improvement per cost, among those that fit. */
function nextProbe(
  { question, candidates, published, pictures }: Probing,
  state: AdviceState,
): { readonly next: Candidate | undefined; readonly left: boolean } {
  const findings: Findings = { ...state, pictures };
  const prior = priorOf(published, candidates);
  const draws = drawAccuracies(prior, measurementsOf(candidates, findings), { seed: question.seed });
  const best = indexOfMax(candidates.map((_, m) => mean(draws.map((row) => row[m]!))));
  const gains = expectedImprovement(draws, best);
  const tried = new Set(state.probes.map(({ method }) => method));
  // The best so far is probed too: without it, nothing says how far the level here is from the published one.
  const open = candidates
    .map((candidate, m) => ({ candidate, gain: m === best ? Number.POSITIVE_INFINITY : gains[m]! }))
    .filter(({ candidate, gain }) => !tried.has(candidate.method) && !candidate.headOnly && gain > worthwhile);
  const budgetLeft = question.budget - state.seconds;
  const fits = open.filter(({ candidate }) => state.probeEpochs * epochSeconds(candidate, findings) <= budgetLeft);
  const worth = fits.map(({ candidate, gain }) => gain / candidate.relativeCost);
  return { next: fits[indexOfMax(worth)]?.candidate, left: open.length > 0 };
}

async function* probing(work: Probing): AsyncGenerator<AdviceEvent, void, void> {
  const { options, question, folder, candidates, published, pictures } = work;
  let { state } = work;
  let { next, left } = nextProbe(work, state);
  while (next && !options.signal?.aborted) {
    const { method, points } = next;
    const epochs = state.probeEpochs;
    const probeFolder = join(folder, 'probes', method);
    const begun = performance.now();
    const spent = () => (performance.now() - begun) / 1000;
    const remaining = question.budget - state.seconds;
    const deadline = AbortSignal.timeout(Math.ceil(1000 * (Math.max(0, remaining) + grace * question.budget)));
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    let record: ProbeRecord | undefined;
    try {
      if (!(await finished(probeFolder)))
        for await (const event of runTraining({
          ...{ spec: specAt(question, method, points[0]!, epochs), folder: probeFolder, resume: true, test: false },
          ...{ device: options.device, threads: options.threads, signal },
        })) {
          yield* probeProgress(event, method, epochs, remaining - spent());
          await new Promise(setImmediate); // native steps block; let a signal in
        }
      const result = await finished(probeFolder);
      if (result) record = { method, epochs, ...result };
    } catch (error) {
      if (!(error instanceof VituneError)) throw error;
      record = { method, epochs, failed: messageOf(error) };
    }
    state = { ...state, probes: [...state.probes, ...(record ? [record] : [])], seconds: state.seconds + spent() };
    await writeState(folder, state);
    if (!record) break; // the signal or the deadline came first; the probe goes on next time
    yield { type: 'probed', ...record };
    ({ next, left } = nextProbe(work, state));
  }
  const complete = !left;
  const findings: Findings = { ...state, pictures };
  yield {
    type: 'advice',
    ...adviceFrom(question, published, candidates, findings, { folder, seconds: state.seconds, complete }),
  };
}

function* probeProgress(
  event: RunEvent,
  method: string,
  epochs: number,
  secondsLeft: number,
): Generator<AdviceEvent, void, void> {
  if (event.type === 'step')
    yield { type: 'probe', method, epochs, share: event.step / event.steps, secondsLeft: Math.max(0, secondsLeft) };
}
