// The bottleneck that adapters share: W_up act(W_down z + b_down) + b_up, with few features in the middle.
import { gelu, mul, quickGelu, relu, scale } from '../graph/ops/elementwise.ts';
import { linear } from '../graph/ops/linear.ts';
import type { Value } from '../graph/types.ts';
import { type Init, type MethodContext, ones, zeros } from '../model/sites.ts';

export const activations = { relu, gelu, quick_gelu: quickGelu } as const;

/** How a bottleneck starts. */
export interface BottleneckInit {
  readonly down: Init;
  readonly up: Init;
  readonly downBias?: Init;
}

/** The study's model init goes over every Linear: all four requested starts end as this one. */
export const studyBottleneckInit: BottleneckInit = {
  down: { kind: 'normal', std: 0.02 },
  up: { kind: 'normal', std: 0.02 },
};

export interface BottleneckOptions {
  readonly bottleneck: number;
  readonly activation: keyof typeof activations;
  readonly dropout: number;
  readonly init: BottleneckInit;
  readonly biases?: boolean;
}

/** Rows (n, C) -> (n, C) by way of `bottleneck` features; parameters below `name`. */
export function bottleneck(context: MethodContext, name: string, z: Value, options: BottleneckOptions): Value {
  const { bottleneck: b, activation, init, biases = true } = options;
  const C = z.shape[1]!;
  const bias = (part: string, size: number, start: Init) =>
    biases ? context.param(`${name}.${part}.bias`, [size], start) : undefined;
  const down = linear(
    z,
    context.param(`${name}.down.weight`, [b, C], init.down),
    bias('down', b, init.downBias ?? zeros),
  );
  const active = context.dropout(`${name}.dropout`, activations[activation](down), options.dropout);
  return linear(active, context.param(`${name}.up.weight`, [C, b], init.up), bias('up', C, zeros));
}

/** A constant factor, or a trained number that starts at 1. */
export function scaledBy(context: MethodContext, name: string, y: Value, constant: number, learnable: boolean): Value {
  return learnable ? mul(y, context.param(`${name}.scale`, [1], ones)) : scale(y, constant);
}
