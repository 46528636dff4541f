// An untuned CLIP as a classifier: its pictures against the names of the classes (Radford et al. 2021, section 3.1).
import { float32, type Tensor } from '../base/tensor.ts';
import { pack } from '../graph/slabs.ts';
import { loadBackbone } from '../model/load.ts';
import { openRuntime } from '../runtime/node.ts';
import { evaluationAtOnce } from './at-once.ts';
import { createEvaluator } from './evaluator.ts';
import { evaluationGraph, type Tuning, trainedParameters } from './graphs.ts';
import type { UseOptions } from './host.ts';
import { type Tuned, tunedOn } from './tuned.ts';
import { withHead, type ZeroShotOptions, zeroShotHead } from './zero-shot.ts';

/** Opens the CLIP at `model` for these classes. Rejects with OptionError, CheckpointError or DeviceError. */
export async function openZeroShot(
  model: string,
  classes: readonly string[],
  prompts: ZeroShotOptions,
  { device = 'cpu', threads }: Pick<UseOptions, 'device' | 'threads'> = {},
): Promise<Tuned> {
  const runtime = await openRuntime({ device, ...(threads ? { threads } : {}) });
  const backbone = await loadBackbone(model);
  const start = await zeroShotHead(backbone, classes, prompts, runtime);
  const tuning: Tuning = {
    config: withHead(backbone.config, start.projection),
    weights: backbone.weights,
    methods: [],
    classes: classes.length,
    normalization: backbone.preprocessing,
    dropPath: 0,
    labelSmoothing: 0,
    decayOn: 'all',
  };
  const trained = trainedParameters(tuning);
  const arrays = pack(trained.slabs, start.tensors);
  const params: Record<string, Tensor> = Object.fromEntries(
    trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)]),
  );
  const evaluator = await createEvaluator(
    runtime,
    evaluationGraph(tuning, trained, evaluationAtOnce(tuning.config, runtime.options.device)),
  );
  return tunedOn({
    folder: backbone.path,
    config: { classes, preprocessing: backbone.preprocessing },
    logits: (pictures) => evaluator.rows(pictures, params),
    dispose: () => evaluator.dispose(),
  });
}
