// The network under construction: where weights, trained parameters and noise come from while vit.ts writes the forward
// pass, and how the methods' handlers are chained.
import { InternalError } from '../base/errors.ts';
import { type Shape, sameShape, showShape } from '../base/tensor.ts';
import type { Graph } from '../graph/graph.ts';
import { add, cast, mul, sub } from '../graph/ops/elementwise.ts';
import { reshape } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import { backboneParameters, type VitConfig } from './config.ts';
import type { Affine, Handlers, Init, MethodContext } from './sites.ts';
import type { Weights } from './weights.ts';

/** A trained parameter: what it is, and how it starts (`pretrained` = the backbone's own value). */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init | { readonly kind: 'pretrained' };
  readonly role: 'backbone' | 'method' | 'head';
}

/** Random factors that the host feeds at each training step: 0 with probability `rate`, else 1 / (1 - rate). */
export interface NoiseSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly rate: number;
}

export interface NetworkOptions {
  readonly graph: Graph;
  readonly config: VitConfig;
  readonly weights: Weights;
  readonly batch: number;
  readonly classes: number;
  readonly methods: readonly Handlers[];
  /** Whether a backbone weight is trained. */
  readonly trains: (name: string) => boolean;
  /** The value of a trained parameter; called once a name. */
  readonly parameter: (spec: ParameterSpec) => Value;
  /** Present in training: dropout and drop-path rates of the backbone, and where noise comes from. */
  readonly noise?: { readonly source: (spec: NoiseSpec) => Value; readonly dropPath: number };
  /** The merge factor, where it is not 1. */
  readonly strength?: Value;
  /** How a new head starts. */
  readonly headInit?: Init;
}

export interface Network extends MethodContext {
  readonly options: NetworkOptions;
  /** A backbone weight in float32, frozen or trained. */
  weight(name: string): Value;
  /** Weight and, where the backbone has one, bias of a layer. */
  layer(name: string): Affine;
  head(name: string, shape: Shape, init: Init): Value;
  /** Scalars that methods add to the loss; filled while the forward pass is written. */
  readonly penalties: Value[];
  /** Rate of the backbone's drop-path in a block: 0 in the first, rising linearly to the full rate (timm's rule). */
  dropPathRate(block: number): number;
}

export function network(options: NetworkOptions): Network {
  const { graph, config, weights, batch, noise, strength } = options;
  const parameters = new Map<string, Value>();
  const noiseUses = new Map<string, number>();

  const parameter = (spec: ParameterSpec): Value => {
    const known = parameters.get(spec.name);
    if (known && !sameShape(known.shape, spec.shape))
      throw new InternalError(`parameter ${spec.name} is ${showShape(known.shape)} and ${showShape(spec.shape)}`);
    const value = known ?? options.parameter(spec);
    parameters.set(spec.name, value);
    return value;
  };

  const keep = (name: string, shape: Shape, rate: number): Value => {
    const uses = noiseUses.get(name) ?? 0;
    noiseUses.set(name, uses + 1);
    return noise!.source({ name: uses === 0 ? name : `${name}#${uses}`, shape, rate });
  };

  const names = new Set(backboneParameters(config).map(({ name }) => name));
  const weight = (name: string): Value => {
    const { dtype, shape, data } = weights.get(name);
    if (options.trains(name)) return parameter({ name, shape, init: { kind: 'pretrained' }, role: 'backbone' });
    return cast(graph.constant(name, { dtype, shape }, data), 'float32');
  };

  return {
    options,
    config,
    batch,
    penalties: [],
    weight,
    layer: (name) => ({
      weight: weight(`${name}.weight`),
      bias: names.has(`${name}.bias`) ? weight(`${name}.bias`) : undefined,
    }),
    param: (name, shape, init) => parameter({ name, shape, init, role: 'method' }),
    head: (name, shape, init) => parameter({ name, shape, init: options.headInit ?? init, role: 'head' }),
    dropout: (name, x, rate) => (noise && rate > 0 ? mul(x, keep(name, x.shape, rate)) : x),
    dropPath(name, x, rate) {
      if (!noise || rate === 0) return x;
      const rows = x.shape[0]!;
      const perPicture = reshape(x, [
        batch,
        (rows * (x.shape.length === 3 ? x.shape[1]! : 1)) / batch,
        x.shape.at(-1)!,
      ]);
      return reshape(mul(perPicture, keep(name, [batch, 1, 1], rate)), x.shape);
    },
    contribution: (x) => (strength ? mul(x, strength) : x),
    interpolate(without, withIt) {
      if (!strength) return withIt();
      const start = without();
      return add(start, mul(sub(withIt(), start), strength));
    },
    dropPathRate: (block) => (noise && config.depth > 1 ? (noise.dropPath * block) / (config.depth - 1) : 0),
  };
}

/**
 * Chains the methods' handlers of one kind around `inner`: the first method named is the outermost. `bind` makes a link of
 * the chain out of a handler and what follows it.
 */
export function chain<H, A extends readonly unknown[], R>(
  handlers: readonly H[],
  inner: (...args: A) => R,
  bind: (handler: H, next: (...args: A) => R) => (...args: A) => R,
): (...args: A) => R {
  return handlers.reduceRight<(...args: A) => R>((next, handler) => bind(handler, next), inner);
}

/** The methods' handlers of one kind. */
export function handlersOf<K extends keyof Handlers>(net: Network, kind: K) {
  type Handler = NonNullable<Handlers[K]>;
  return net.options.methods.flatMap((method) => (method[kind] ? [method[kind] as Handler] : []));
}
