// Optimizers as graph nodes, one update a slab. Learning rate and step enter as scalars computed in double precision on the
// host; state goes in and comes out. Each update is spelt out.
import { float32, type Tensor } from '../base/tensor.ts';
import { add, div, mul, scale, sqrt, sub } from './ops/elementwise.ts';
import type { Value } from './types.ts';

export interface StepScalars {
  /** 1 at the first update. */
  readonly step: number;
  readonly learningRate: number;
  readonly weightDecay: number;
}

export interface Optimizer {
  readonly name: string;
  /** State arrays a slab, each as large as it, starting at zero. */
  readonly slots: readonly string[];
  /** Scalar graph inputs of an update. */
  readonly scalars: readonly string[];
  readonly feed: (step: StepScalars) => Readonly<Record<string, Tensor<'float32'>>>;
  /** New parameter and state of one slab. */
  readonly update: (args: {
    readonly parameter: Value;
    readonly gradient: Value;
    readonly slots: readonly Value[];
    readonly scalars: Readonly<Record<string, Value>>;
    readonly decay: boolean;
  }) => { readonly parameter: Value; readonly slots: readonly Value[] };
}

const number = (value: number) => float32([], [value]);

export interface AdamwOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** AdamW (Loshchilov & Hutter 2019), torch's order of operations: decoupled decay first, then the bias-corrected step. */
export function adamw(
  { beta1, beta2, epsilon }: AdamwOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
): Optimizer {
  return {
    name: 'adamw',
    slots: ['m', 'v'],
    scalars: ['stepSize', 'keep', 'rootCorrection'],
    feed: ({ step, learningRate, weightDecay }) => ({
      stepSize: number(learningRate / (1 - beta1 ** step)),
      keep: number(1 - learningRate * weightDecay),
      rootCorrection: number(1 / Math.sqrt(1 - beta2 ** step)),
    }),
    update({ parameter, gradient, slots: [m0, v0], scalars, decay }) {
      const m = add(scale(m0!, beta1), scale(gradient, 1 - beta1));
      const v = add(scale(v0!, beta2), scale(mul(gradient, gradient), 1 - beta2));
      const root = add(mul(sqrt(v), scalars.rootCorrection!), parameter.graph.literal(number(epsilon)));
      const kept = decay ? mul(parameter, scalars.keep!) : parameter;
      return { parameter: sub(kept, mul(div(m, root), scalars.stepSize!)), slots: [m, v] };
    },
  };
}

/** SGD with momentum as torch has it: L2 decay joins the gradient, no dampening. */
export function sgd({ momentum }: { readonly momentum: number } = { momentum: 0.9 }): Optimizer {
  return {
    name: 'sgd',
    slots: ['momentum'],
    scalars: ['learningRate', 'decay'],
    feed: ({ learningRate, weightDecay }) => ({ learningRate: number(learningRate), decay: number(weightDecay) }),
    update({ parameter, gradient, slots: [buffer], scalars, decay }) {
      const g = decay ? add(gradient, mul(parameter, scalars.decay!)) : gradient;
      const next = add(scale(buffer!, momentum), g);
      return { parameter: sub(parameter, mul(next, scalars.learningRate!)), slots: [next] };
    },
  };
}
