// A backbone with adapters on it: the weights are loaded once, and adapters of one structure (same methods, options and
// number of classes) share one prepared graph, because what was trained is fed at each run.
import { RunError } from '../base/errors.ts';
import { canonicalJson, type Json } from '../base/identity.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import { pack } from '../graph/slabs.ts';
import { checkMethods, configureMethods } from '../methods/index.ts';
import { type Backbone, loadBackbone } from '../model/load.ts';
import { openRuntime } from '../runtime/node.ts';
import type { Device, Runtime } from '../runtime/session.ts';
import { type AdapterConfig, checkAdapter, loadAdapter, type NamedTensors } from './adapter.ts';
import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator, type Evaluator, type Pictures } from './evaluator.ts';
import { evaluationGraph, type TrainedParameters, type Tuning, trainedParameters } from './graphs.ts';
import { checkWiseAlpha, valuesAt } from './wise.ts';
import { withHead } from './zero-shot.ts';

export interface UseOptions {
  readonly device?: Device | undefined;
  readonly threads?: number | undefined;
  /** Where the backbone lies now, if not where the run found it. */
  readonly model?: string | undefined;
  /**
   * WiSE-FT's alpha (Wortsman et al. 2022), 0 to 1: 0 = the pre-trained backbone under the head's start, 1 = as tuned
   * (default). `vitune methods NAME` says what lies between for a method.
   */
  readonly wiseAlpha?: number | undefined;
}

/** An adapter on its backbone, ready to run. */
export interface Loaded {
  readonly folder: string;
  readonly config: AdapterConfig;
  readonly tuning: Tuning;
  readonly trained: TrainedParameters;
  /** Everything that was trained, by name. */
  readonly tensors: NamedTensors;
  /** Logits (pictures, classes). */
  logits(pictures: Pictures): Promise<Float32Array>;
  dispose(): Promise<void>;
}

export interface Host {
  readonly runtime: Runtime;
  /** Puts the adapter of a run folder on its backbone. Throws RunError or CheckpointError. */
  load(folder: string, options?: Pick<UseOptions, 'wiseAlpha'>): Promise<Loaded>;
}

interface Shared {
  readonly evaluator: Promise<Evaluator>;
  users: number;
}

/** `shareWeights`: for several adapters of different structure on one backbone. Throws DeviceError. */
export async function openHost(options: UseOptions & { readonly shareWeights?: boolean } = {}): Promise<Host> {
  const runtime = await openRuntime({
    device: options.device ?? 'cpu',
    ...(options.threads ? { threads: options.threads } : {}),
    shareWeights: options.shareWeights ?? false,
  });
  const backbones = new Map<string, Promise<Backbone>>();
  const sessions = new Map<string, Shared>();

  const backboneOf = async (folder: string, { baseModel, preprocessing }: AdapterConfig): Promise<Backbone> => {
    const path = options.model ?? baseModel.path;
    const key = `${path} ${preprocessing.imageSize.join('x')}`;
    const loading = backbones.get(key) ?? loadBackbone(path, { imageSize: preprocessing.imageSize });
    backbones.set(key, loading);
    loading.catch(() => backbones.delete(key)); // a failure is told, and the next try is a new one
    const backbone = await loading;
    if (backbone.fingerprint !== baseModel.fingerprint)
      throw new RunError(
        `${folder}: was trained on other weights than those in ${backbone.path}; give the right folder with --model`,
      );
    return backbone;
  };

  return {
    runtime,
    async load(folder, { wiseAlpha = options.wiseAlpha } = {}) {
      checkWiseAlpha(wiseAlpha);
      const { config, tensors, headStart } = await loadAdapter(folder);
      const backbone = await backboneOf(folder, config);
      const tuning: Tuning = {
        config: withHead(backbone.config, config.projection),
        weights: backbone.weights,
        methods: configureMethods(config.methods),
        classes: config.classes.length,
        normalization: config.preprocessing,
        dropPath: 0,
        labelSmoothing: 0,
        decayOn: 'all',
      };
      checkMethods(tuning.methods, backbone.config);
      const trained = trainedParameters(tuning);
      checkAdapter(folder, trained.specs, tensors);

      const weakened = wiseAlpha !== undefined && wiseAlpha !== 1;
      const values = weakened
        ? await valuesAt(wiseAlpha, { tuning, trained, tensors, seed: config.seed, headStart })
        : tensors;
      const arrays = pack(trained.slabs, values);
      const params: Record<string, Tensor> = Object.fromEntries(
        trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)]),
      );
      if (weakened) params.strength = float32([], [wiseAlpha]);

      const key = canonicalJson({
        backbone: config.baseModel.fingerprint,
        methods: config.methods,
        classes: config.classes.length,
        projection: config.projection ?? null,
        preprocessing: config.preprocessing,
        weakened,
      } as unknown as Json);
      const shared: Shared = sessions.get(key) ?? {
        evaluator: createEvaluator(
          runtime,
          evaluationGraph(tuning, trained, evaluationAtOnce(backbone.config, runtime.options.device), {
            strength: weakened,
          }),
        ),
        users: 0,
      };
      sessions.set(key, shared);
      shared.users++;
      shared.evaluator.catch(() => sessions.delete(key));
      const evaluator = await shared.evaluator;
      return {
        folder,
        config,
        tuning,
        trained,
        tensors,
        logits: (pictures) => evaluator.rows(pictures, params),
        async dispose() {
          if (--shared.users > 0) return;
          sessions.delete(key);
          await evaluator.dispose();
        },
      };
    },
  };
}
