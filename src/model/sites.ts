// The named places in a ViT where a method may act, and what it gets there: the whole vocabulary of `methods/`. A method is
// middleware: it receives a value and `next`, and returns a value.
import type { Shape } from '../base/tensor.ts';
import type { Value } from '../graph/types.ts';
import { fc1Width, type LinearPart, type VitConfig } from './config.ts';
import type { Layout, Tokens } from './tokens.ts';

/** How a new parameter starts. Drawn from the stream of its own name, so the order of creation doesn't matter. */
export type Init =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'normal'; readonly std: number; readonly mean?: number }
  /** Normal with `std` before the cut at +-`limit`. */
  | { readonly kind: 'truncated_normal'; readonly std: number; readonly limit: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  /** A convolution (b, b, 3, 3) that passes its input through: 1 in the centre tap from each channel to itself. */
  | { readonly kind: 'identity_centre_tap' }
  /** The L2 norm of each row of a pre-trained matrix (DoRA's magnitudes). */
  | { readonly kind: 'row_norms'; readonly of: string };

export const zeros: Init = { kind: 'constant', value: 0 };
export const ones: Init = { kind: 'constant', value: 1 };
/** torch's default for a Linear with `fanIn` inputs: weight and bias alike. */
export const torchLinear = (fanIn: number): Init => ({ kind: 'uniform', bound: 1 / Math.sqrt(fanIn) });

/** Xavier (Glorot) uniform. */
export const xavierUniform = (fanIn: number, fanOut: number): Init => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / (fanIn + fanOut)),
});

/** A linear layer inside a block: x (B*N, in) -> (B*N, out). */
export interface LinearSite {
  readonly name: string;
  readonly block: number;
  readonly part: LinearPart;
  readonly inputs: number;
  readonly outputs: number;
}

/** The site of a layer of a block. */
export function linearSite(config: VitConfig, block: number, part: LinearPart): LinearSite {
  const { width, hidden } = config;
  const module = part === 'fc1' || part === 'fc2' ? 'mlp' : 'attn';
  return {
    name: `blocks.${block}.${module}.${part}`,
    block,
    part,
    inputs: part === 'fc2' ? hidden : width,
    outputs: part === 'fc1' ? fc1Width(config) : width,
  };
}

/** The output of a patch projection or a norm: (B*N, C), before anything else sees it. */
export interface AfterSite {
  readonly name: string;
  readonly part: 'patch_embed' | 'norm_pre' | 'norm1' | 'norm2' | 'norm';
  readonly block?: number;
}

/** One residual branch of a block. */
export interface BranchSite {
  readonly name: string;
  readonly block: number;
  readonly part: 'attn' | 'mlp';
}

/** What methods can ask of the network while it is built. */
export interface MethodContext {
  readonly config: VitConfig;
  /** Pictures in the batch, B. */
  readonly batch: number;
  /** A trained parameter of this method. The same name again gives the same value: that is how parts share one. */
  param(name: string, shape: Shape, init: Init): Value;
  /** Inverted dropout; the identity outside training. */
  dropout(name: string, x: Value, rate: number): Value;
  /** Stochastic depth: a factor per picture; the identity outside training. x: (B, N, C) or (B*N, C). */
  dropPath(name: string, x: Value, rate: number): Value;
  /** A method's contribution times the merge factor: 1 in training, 0 = the pre-trained network (WiSE). */
  contribution(x: Value): Value;
  /**
   * Where a method has no term of its own to multiply: the merge factor goes from the value without the method (0) to the
   * one with it (1). `without` is only called, and first, where there is a merge factor.
   */
  interpolate(without: () => Value, withIt: () => Value): Value;
}

/** The steps of a residual branch: x -> dropPath(layerScale(run(norm(x)))). */
export interface Branch {
  /** The branch's norm: residual stream -> normalised. */
  readonly norm: (x: Value) => Value;
  /** The frozen attention or MLP: normalised -> output. */
  readonly run: (normed: Value) => Value;
  /** LayerScale; the identity in networks without it. */
  readonly layerScale: (y: Value) => Value;
  /** The network's stochastic depth; a new mask at each call. */
  readonly dropPath: (y: Value) => Value;
}

export interface BranchArguments extends Branch {
  readonly site: BranchSite;
  /** The residual stream that enters the branch, (B*N, C). */
  readonly x: Value;
  /** What the N tokens are. */
  readonly layout: Layout;
  /** The branch as the other methods leave it: residual stream -> what is added to it. Steps can be replaced. */
  readonly next: (x: Value, replaced?: Partial<Branch>) => Value;
}

/** What attention mixes, before it is cut into heads. q: (B, M, C); k, v: (B, N, C). */
export interface Attended {
  readonly q: Value;
  readonly k: Value;
  readonly v: Value;
}

/** A layer's weight and bias (none = undefined): a linear layer's (out, in) and (out), or a norm's (C) and (C). */
export interface Affine {
  readonly weight: Value;
  readonly bias: Value | undefined;
}

export interface LinearArguments {
  readonly site: LinearSite;
  readonly x: Value;
  readonly next: (x: Value) => Value;
  /** The layer itself, without the methods. */
  readonly layer: Affine;
}

export interface AttentionArguments extends Attended {
  readonly block: number;
  /** What the N tokens are. */
  readonly layout: Layout;
  readonly next: (mixed: Attended) => Value;
}

/**
 * How a method is merged into plain weights: from a layer as the methods inside leave it to the layer that computes the
 * same with this method. Where a method has `linear` or `after` handlers and no fold for them, it can't be merged.
 */
export interface Folds {
  readonly linear?: (context: MethodContext, args: { readonly site: LinearSite; readonly layer: Affine }) => Affine;
  /** The patch projection's weight is (C, 3 P P). */
  readonly after?: (context: MethodContext, args: { readonly site: AfterSite; readonly layer: Affine }) => Affine;
}

/**
 * What a method does at each kind of site. Left out = nothing. Handlers are made anew for each network and called in the
 * order of the forward pass, so they may carry values from one site to a later one.
 */
export interface Handlers {
  readonly linear?: (context: MethodContext, args: LinearArguments) => Value;
  readonly after?: (context: MethodContext, args: { readonly site: AfterSite; readonly y: Value }) => Value;
  readonly branch?: (context: MethodContext, args: BranchArguments) => Value;
  /** Around the mixing of tokens in a block: -> (B, M, C). */
  readonly attention?: (context: MethodContext, args: AttentionArguments) => Value;
  /** Around a block. */
  readonly tokens?: (
    context: MethodContext,
    args: Tokens & { readonly block: number; readonly next: (tokens: Tokens) => Tokens },
  ) => Tokens;
  /** The picture's feature (B, C) after the last norm -> what the head reads, (B, any width). */
  readonly feature?: (context: MethodContext, args: { readonly feature: Value }) => Value;
  /** How a linear head starts, where the method says so. */
  readonly headInit?: (classes: number) => { readonly weight: Init; readonly bias: Init };
  /** A scalar added to the loss in training. `head`: the matrix that reads the features, (outputs, features). */
  readonly penalty?: (context: MethodContext, args: { readonly head: Value }) => Value;
  /** Present where all that the method inserts can be merged into the backbone's weights. */
  readonly fold?: Folds;
}

const inserting = ['linear', 'after', 'branch', 'attention', 'tokens', 'feature'] as const;

/** Whether all that these handlers insert can be merged. */
export const canMerge = (handlers: Handlers): boolean =>
  handlers.fold !== undefined || inserting.every((kind) => handlers[kind] === undefined);
