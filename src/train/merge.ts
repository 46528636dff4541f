// A tuned network as a plain one: the methods' parts folded into the backbone's weights, by a graph that runs once.
import { float32, type Tensor, zeros } from '../base/tensor.ts';
import { pack } from '../graph/slabs.ts';
import { backboneParameters, type VitConfig } from '../model/config.ts';
import type { Weights } from '../model/weights.ts';
import type { Runtime } from '../runtime/session.ts';
import { mergeGraph, type TrainedParameters, type Tuning } from './graphs.ts';

export interface MergedBackbone {
  /** As before, with a bias on the patches, or on q, k and v, where merging made one. */
  readonly config: VitConfig;
  /** All in memory, float32. */
  readonly weights: Weights;
}

/**
 * The plain backbone that computes what `tuning` does with these values of its trained parameters, at merge factor
 * `strength` (0 = pre-trained, 1 = tuned). Throws OptionError where a method can't be merged.
 */
export async function mergedBackbone(
  runtime: Runtime,
  tuning: Tuning,
  trained: TrainedParameters,
  values: ReadonlyMap<string, Tensor<'float32'>>,
  strength?: number,
): Promise<MergedBackbone> {
  const session = await runtime.prepare(mergeGraph(tuning, trained, { strength: strength !== undefined }));
  const arrays = pack(trained.slabs, values);
  const outputs = await session.run({
    ...Object.fromEntries(trained.slabs.map((slab, i) => [`param:${slab.name}`, float32([slab.size], arrays[i]!)])),
    ...(strength === undefined ? {} : { strength: float32([], [strength]) }),
  });
  await session.dispose();
  const made = (name: string) => outputs[`merged:${name}`] as Tensor<'float32'> | undefined;
  const makes = (bias: RegExp) => Object.keys(outputs).some((name) => bias.test(name));
  const config = {
    ...tuning.config,
    patchBias: made('patch_embed.proj.bias') !== undefined,
    qkvBias: makes(/\.attn\.[qkv]\.bias$/),
    keyBias: tuning.config.keyBias || makes(/\.attn\.k\.bias$/),
  };
  const tensors = new Map(
    backboneParameters(config).map(({ name, shape }) => [name, made(name) ?? (zeros(shape) as Tensor<'float32'>)]),
  );
  return {
    config,
    weights: {
      get: (name) => ({ dtype: 'float32', shape: tensors.get(name)!.shape, data: tensors.get(name)! }),
      read: async (name) => tensors.get(name)!,
    },
  };
}
