// The public surface of vitune: training, evaluation and prediction from TypeScript.
import { type EventRun, eventRun } from './base/event-run.ts';
import type { ValuesOf } from './base/options.ts';
import { locateData } from './data/locate.ts';
import { configureProtocol } from './data/protocols/index.ts';
import { methodNames } from './methods/index.ts';
import { defaultModel, locateModel } from './model/locate.ts';
import type { Device } from './runtime/session.ts';
import type { RunEvent } from './train/events.ts';
import { runTraining } from './train/run.ts';
import type { FeatureCacheMode, RunOptions } from './train/run-context.ts';
import { type GroupEvent, runGroup } from './train/run-group.ts';
import { parseRunSpec, type RunSpec } from './train/spec.ts';
import { dataOptions, type trainingOptions } from './train/training-options.ts';

export type { Advice, AdvisedMethod, ProbeRecord } from './advise/advice.ts';
export { type AdviceEvent, advise } from './advise/advise.ts';
export type { AdviseOptions } from './advise/options.ts';
export type { StartPoint } from './advise/warm-start.ts';
export {
  CheckpointError,
  DataError,
  DeviceError,
  DivergenceError,
  HubError,
  OptionError,
  RunError,
  VituneError,
} from './base/errors.ts';
export type { Listing, Picture } from './data/dataset.ts';
export { checkData, type DataReport } from './data/doctor/check.ts';
export type { LabelReport, SuspectLabel } from './data/doctor/suspect-labels.ts';
export { protocols } from './data/protocols/index.ts';
export type { Protocol } from './data/protocols/protocol.ts';
export { openListing } from './data/sources/index.ts';
export type { Certificate } from './exchange/certificate.ts';
export { type Exported, type ExportOptions, exportRun } from './exchange/export-run.ts';
export { type Imported, type ImportOptions, importPeft } from './exchange/peft/import.ts';
export { type Pulled, type PullOptions, type PullProgress, pullModel } from './hub/pull.ts';
export { type Pushed, type PushOptions, pushExport } from './hub/push.ts';
export { type MethodChoice, methods } from './methods/index.ts';
export type { Method } from './methods/method.ts';
export { embeddedModels } from './model/locate.ts';
export type { Device } from './runtime/session.ts';
export type { DoneEvent, RunEvent } from './train/events.ts';
export type { UseOptions } from './train/host.ts';
export { checkLabels, type LabelCheckOptions } from './train/label-check.ts';
export type { Metrics } from './train/metrics.ts';
export { type AdapterSummary, type MultiAdapter, openMultiAdapter } from './train/multi-adapter.ts';
export type { GroupEvent } from './train/run-group.ts';
export type { RunSpec } from './train/spec.ts';
export { type Evaluation, openTuned, type Prediction, type Tuned } from './train/tuned.ts';

type Writable<T> = { -readonly [K in keyof T]?: T[K] };

/** What to train, on what, and how. Everything but the data has a default. */
export interface TrainOptions
  extends Writable<ValuesOf<typeof trainingOptions>>,
    Writable<ValuesOf<typeof dataOptions>> {
  /** Folder of class folders, with or without train/, val/ and test/, any other data that a source reads, or a built-in set. */
  data: string;
  /** Name of a built-in model or folder with config.json and model.safetensors. */
  model?: string;
  /** A method's name (`methods` lists them), or several by +: `lora+bitfit`. */
  method?: string;
  /** The method's own options, e.g. `{ rank: 8 }`; of several methods by name: `{ lora: { rank: 8 } }`. */
  methodOptions?: Readonly<Record<string, unknown>>;
  /** Defaults by name: `study`. */
  preset?: string;
  /** How the data is divided: a protocol's name (`protocols` lists them), its own options, and one of its rounds. */
  protocol?: string;
  protocolOptions?: Readonly<Record<string, unknown>>;
  /** Left out = the last, which has the result; `protocolRounds` names all. */
  round?: string;
  /** The run's folder; left out = below runs/. */
  out?: string;
  resume?: boolean;
  strict?: boolean;
  /** Test at every alpha of WiSE-FT too, where there are shifted test sets: `wise.json` in the run's folder. */
  wiseCurve?: boolean;
  device?: Device;
  threads?: number;
  /** Whether what the frozen part of the network makes of each picture is kept on disk: `auto` (left out), `on`, `off`. */
  featureCache?: FeatureCacheMode;
  signal?: AbortSignal;
}

/** The spec that options stand for, checked and defaulted. Throws OptionError or CheckpointError. */
export function specOf(options: TrainOptions): RunSpec {
  const {
    data,
    model,
    method,
    methodOptions = {},
    preset,
    protocol,
    protocolOptions,
    round,
    out: _o,
    resume: _r,
    strict: _s,
    wiseCurve: _w,
    device: _d,
    threads: _t,
    featureCache: _f,
    signal: _a,
    ...rest
  } = options;
  const ofData = Object.keys(dataOptions);
  const part = (wanted: boolean) =>
    Object.fromEntries(Object.entries(rest).filter(([name]) => ofData.includes(name) === wanted));
  const names = methodNames(method);
  return parseRunSpec({
    data: locateData(data),
    model: locateModel(model ?? defaultModel),
    methods: names.map((name) => ({
      name,
      options: names.length === 1 ? methodOptions : ((methodOptions[name] ?? {}) as Record<string, unknown>),
    })),
    ...(preset === undefined ? {} : { preset }),
    training: part(false),
    dataOptions: part(true),
    protocol: { name: protocol, round, options: protocolOptions },
  });
}

/** The names of a protocol's rounds, each a run of its own. Throws OptionError. */
export const protocolRounds = (name: string, options: Readonly<Record<string, unknown>> = {}): readonly string[] =>
  configureProtocol({ name, options }).rounds;

/** A run: its events by `for await`, or its result. */
export type Run = EventRun<RunEvent, Extract<RunEvent, { type: 'done' | 'interrupted' }>>;

const runOptionsOf = (options: TrainOptions): RunOptions => {
  const { out, resume, strict, device, threads, featureCache, wiseCurve: wise, signal } = options;
  return { spec: specOf(options), folder: out, resume, strict, device, threads, featureCache, wise, signal };
};

/**
 * Trains a method on a folder of pictures. Nothing happens before the first event is asked for. Throws VituneError: from
 * here for a bad option, while iterating for everything else.
 */
export function train(options: TrainOptions): Run {
  return eventRun(runTraining(runOptionsOf(options)));
}

/**
 * Trains several runs together: those whose steps are the same computation on other numbers (same data size, backbone, method and
 * its options, batch size; learning rate, weight decay, schedule and seed may differ) share one graph, which is several times
 * faster for heads. Each is a run with its own folder and ends in the bits of the run alone; an error ends its own run only.
 */
export const trainTogether = (runs: readonly TrainOptions[]): AsyncIterable<GroupEvent> =>
  runGroup(runs.map(runOptionsOf));
