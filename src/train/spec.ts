// RunSpec: everything that decides a run's result, as plain JSON, parsed and defaulted once. Its hash is the run's id.
import { resolve } from 'node:path';
import { OptionError } from '../base/errors.ts';
import { identity, type Json } from '../base/identity.ts';
import { identifying, parseOptions, type ValuesOf } from '../base/options.ts';
import {
  checkTrainCount,
  chooseProtocol,
  configureProtocol,
  type ProtocolChoice,
  type ProtocolInput,
} from '../data/protocols/index.ts';
import { configureMethods, type MethodChoice, methodNamed } from '../methods/index.ts';
import { blockMatrices, type ParameterInfo, resized, type VitConfig } from '../model/config.ts';
import { presetNamed } from './presets.ts';
import type { Schedule } from './schedule.ts';
import { dataOptions, trainingOptions } from './training-options.ts';

export interface RunSpec {
  /** Data folder or file, absolute, or a built-in set's name. */
  readonly data: string;
  /** Model folder, absolute. */
  readonly model: string;
  readonly methods: readonly MethodChoice[];
  readonly training: ValuesOf<typeof trainingOptions>;
  readonly dataOptions: ValuesOf<typeof dataOptions>;
  /** How the data is divided, and which of the protocol's rounds this run is. */
  readonly protocol: ProtocolChoice;
}

export interface RunSpecInput {
  readonly data: string;
  readonly model: string;
  readonly methods: readonly { readonly name: string; readonly options?: Readonly<Record<string, unknown>> }[];
  readonly training?: Readonly<Record<string, unknown>>;
  readonly dataOptions?: Readonly<Record<string, unknown>>;
  /** Defaults by name (presets.ts); what is given above wins. */
  readonly preset?: string;
  readonly protocol?: ProtocolInput;
}

const given = (values: Readonly<Record<string, unknown>> | undefined) =>
  Object.fromEntries(Object.entries(values ?? {}).filter(([, value]) => value !== undefined));

/** The input with a preset's values where it says nothing. */
function withPreset(input: RunSpecInput): RunSpecInput {
  if (input.preset === undefined) return input;
  const preset = presetNamed(input.preset);
  return {
    ...input,
    training: { ...preset.training, ...given(input.training) },
    methods: input.methods.map(({ name, options }) => ({
      name,
      options: { ...preset.methodOptions(methodNamed(name)), ...given(options) },
    })),
  };
}

/** What was given, over what the protocol trains with where nothing is. */
function withProtocol(input: RunSpecInput): Readonly<Record<string, unknown>> {
  const usual = configureProtocol(input.protocol ?? {}).protocol.training ?? {};
  const asked = given(input.training);
  const training: Record<string, unknown> = { ...usual, ...asked };
  // The protocol's warm-up belongs to its number of epochs: another number keeps the share.
  if (asked.epochs !== undefined && asked.warmupEpochs === undefined && usual.warmupEpochs !== undefined)
    training.warmupEpochs = (Number(asked.epochs) * Number(usual.warmupEpochs)) / Number(usual.epochs);
  return training;
}

/** Checks and defaults everything. Throws OptionError. */
export function parseRunSpec(bare: RunSpecInput): RunSpec {
  const input = withPreset(bare);
  const configured = configureMethods(input.methods);
  if (configured.length === 0) throw new OptionError('train: needs a method, e.g. --method lora');
  const asked = withProtocol(input);
  const training = parseOptions('train', trainingOptions, asked);
  for (const name of ['promptTemplates', 'classEmbeddings'] as const)
    if (training.head === 'linear' && training[name] !== trainingOptions[name].default)
      throw new OptionError(`train: option ${name} belongs to the zero-shot head; add --head zero-shot`);
  const classEmbeddings = training.classEmbeddings && resolve(training.classEmbeddings);
  const learningRate = training.learningRate || Math.min(...configured.map(({ method }) => method.learningRate));
  const keep = asked.keep === undefined && training.patience > 0 ? 'best' : training.keep;
  const warmupEpochs = asked.warmupEpochs === undefined ? Math.min(1, training.epochs / 4) : training.warmupEpochs;
  if (warmupEpochs >= training.epochs)
    throw new OptionError(
      `train: option warmupEpochs must be below the ${training.epochs} epochs, got ${warmupEpochs}`,
    );
  const division = parseOptions('data', dataOptions, input.dataOptions ?? {});
  const protocol = chooseProtocol(input.protocol ?? {});
  checkTrainCount(protocol, division.trainCount);
  return {
    data: input.data,
    model: input.model,
    methods: configured.map(({ method, options }) => ({ name: method.name, options })),
    training: { ...training, learningRate, warmupEpochs, keep, classEmbeddings },
    dataOptions: division,
    protocol,
  };
}

/** Throws OptionError where a run has nothing to compute in the precision that it asks for. */
export function checkPrecision({ methods, training }: Pick<RunSpec, 'methods' | 'training'>, config: VitConfig): void {
  if (training.precision === 'fp32') return;
  const configured = configureMethods(methods);
  const trained = (parameter: ParameterInfo) =>
    configured.some(({ method, options }) => method.trains?.(parameter, options, config));
  if (!blockMatrices(config).every(trained)) return;
  const names = methods.map(({ name }) => name).join('+');
  throw new OptionError(
    `train: --precision int8 is for frozen layers, and method ${names} trains every layer of the blocks; leave it out, or choose a method that freezes some`,
  );
}

/** Throws CheckpointError where a backbone can't take pictures of the size that the data's options ask for. */
export function checkImageSize({ imageSize }: Pick<RunSpec['dataOptions'], 'imageSize'>, config: VitConfig): void {
  if (imageSize > 0) resized(config, imageSize); // 0: the backbone's own
}

/** Throws OptionError where a backbone can't have the head that a run asks for. */
export function checkHead({ training }: Pick<RunSpec, 'training'>, config: VitConfig): void {
  if (training.head === 'zero-shot' && config.projection === 0)
    throw new OptionError(
      'train: --head zero-shot: the model has no projection into a space of texts; give a CLIP with one',
    );
}

/** The run's id: 16 hex digits over the spec and what the paths hold. */
export function runId(
  spec: RunSpec,
  fingerprints: { readonly data: string; readonly model: string; readonly head?: string },
): string {
  const training = identifying(trainingOptions, spec.training);
  return identity({ ...spec, training, ...fingerprints } as unknown as Json);
}

/** Whether accuracy on shifted test sets is among the classes that occur there only: the protocol's choice. */
export function shiftsAmongOwnClasses(choice: ProtocolChoice): boolean {
  const { protocol, options } = configureProtocol(choice);
  return protocol.amongOwnClasses?.(options) ?? false;
}

export function scheduleOf({ training: t }: RunSpec): Schedule {
  const { epochs, warmupEpochs, minLearningRate, warmupStart } = t;
  switch (t.schedule) {
    case 'constant':
      return { kind: 'constant', learningRate: t.learningRate };
    case 'cosine':
      return {
        kind: 'warmup-cosine',
        learningRate: t.learningRate,
        epochs,
        warmupEpochs,
        minLearningRate,
        warmupStart,
      };
    case 'study':
      return { kind: 'study', learningRate: t.learningRate, epochs, warmupEpochs, minLearningRate, warmupStart };
  }
}
