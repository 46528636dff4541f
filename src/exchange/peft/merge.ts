// A PEFT adapter merged into the backbone and the head that it was trained on, as PEFT's merge_and_unload does it: plain
// weights, summed in float64 and rounded once.
import { CheckpointError } from '../../base/errors.ts';
import { float32, sizeOf, type Tensor } from '../../base/tensor.ts';
import { type CheckpointHead, headParameters } from '../../model/checkpoint-head.ts';
import { backboneParameters } from '../../model/config.ts';
import type { Weights } from '../../model/weights.ts';
import { type Classifier, withTensors } from '../plain.ts';
import type { Change, PeftAdapter } from './read.ts';

type Float = Tensor<'float32'>;

/** The rows of W + factor B A, each in float64; with a magnitude, scaled to that length. */
function addLowRank(weight: Float, change: Extract<Change, { kind: 'low_rank' }>): Float {
  const { a, b, factor, magnitude } = change;
  const [rank, into] = a.shape as [number, number];
  const out = b.shape[0]!;
  const data = new Float32Array(weight.data.length);
  const row = new Float64Array(into);
  for (let i = 0; i < out; i++) {
    for (let j = 0; j < into; j++) row[j] = weight.data[i * into + j]!;
    for (let k = 0; k < rank; k++) {
      const scale = factor * b.data[i * rank + k]!;
      for (let j = 0; j < into; j++) row[j]! += scale * a.data[k * into + j]!;
    }
    const length = magnitude ? magnitude.data[i]! / Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) : 1;
    for (let j = 0; j < into; j++) data[i * into + j] = row[j]! * length;
  }
  return float32(weight.shape, data);
}

/** The layer's parameters with the change in them. Throws CheckpointError for a bias on a layer that has none. */
function changed(
  name: string,
  { weight, bias }: { readonly weight: Float; readonly bias: Float | undefined },
  change: Change,
): { readonly weight: Float; readonly bias: Float | undefined } {
  if (change.kind === 'low_rank') {
    if (change.bias && !bias)
      throw new CheckpointError(`adapter: has a bias for ${name}, and this backbone's layer has none`);
    return {
      weight: addLowRank(weight, change),
      bias:
        change.bias && bias
          ? float32(
              bias.shape,
              bias.data.map((x, i) => x + change.factor * change.bias!.data[i]!),
            )
          : bias,
    };
  }
  const into = sizeOf(weight.shape.slice(1));
  const { side, vector } = change;
  const factorAt = (i: number) => vector.data[side === 'input' ? i % into : Math.floor(i / into)]!;
  return {
    weight: float32(
      weight.shape,
      weight.data.map((x, i) => x * factorAt(i)),
    ),
    bias:
      bias && side === 'output'
        ? float32(
            bias.shape,
            bias.data.map((x, i) => x * vector.data[i]!),
          )
        : bias,
  };
}

/** The plain network that computes what the adapter does on this base. Throws CheckpointError where there is no head. */
export async function mergedPeft(
  { changes, replaced, folder, base: config }: PeftAdapter,
  base: { readonly weights: Weights; readonly head?: CheckpointHead | undefined },
): Promise<Classifier> {
  const outputs = replaced.get('head.bias')?.data.length;
  const head: CheckpointHead | undefined = outputs === undefined ? base.head : { kind: 'classifier', outputs };
  if (head?.kind !== 'classifier')
    throw new CheckpointError(
      `${folder}: brings no classifier, and the backbone has none; save it with modules_to_save`,
    );
  const merged = new Map(replaced);
  const parameters = [...backboneParameters(config), ...headParameters(config, head)];
  const known = new Set(parameters.map(({ name }) => name));
  const read = async (name: string) => merged.get(name) ?? (await base.weights.read(name));
  for (const [name, change] of changes) {
    const weight = await read(`${name}.weight`);
    const bias = known.has(`${name}.bias`) ? await read(`${name}.bias`) : undefined;
    const layer = changed(name, { weight, bias }, change);
    merged.set(`${name}.weight`, layer.weight);
    if (layer.bias) merged.set(`${name}.bias`, layer.bias);
  }
  return {
    config,
    head,
    weights: withTensors(base.weights, merged),
  };
}
