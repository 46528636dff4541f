// Where an inserted module D stands in a residual branch (f = the frozen attention or MLP, u = the normalised input, x = the
// residual stream):
//   parallel     f(u) + D(x), or D(u)
//   sequential   y = f(u); y + D(y)
//   before       f(u + D(u))
// By the papers LayerScale and drop-path act on f alone. The study's code puts both on D too (in sequence a second time),
// and before the branch an adapter stands without a residual: f(D(u)).
import { add } from '../graph/ops/elementwise.ts';
import type { Value } from '../graph/types.ts';
import type { BranchArguments } from '../model/sites.ts';

export type Placement = 'parallel' | 'sequential' | 'before';

export interface Place {
  readonly placement: Placement;
  /** What a parallel module reads. */
  readonly input: 'residual' | 'normed';
  readonly variant: 'paper' | 'study';
}

export const placementOptions = {
  placement: {
    type: 'choice',
    choices: ['parallel', 'sequential', 'before'],
    default: 'sequential',
    help: 'beside the branch, on its output, or before it',
  },
  input: {
    type: 'choice',
    choices: ['residual', 'normed'],
    default: 'residual',
    help: 'what a parallel module reads: the residual stream or the normalised input',
  },
} as const;

/** The branch with a module: what is added to the residual stream. */
export function placed(
  branch: BranchArguments,
  { placement, input, variant }: Place,
  module: (z: Value) => Value,
  /** The module already holds its residual, z + D(z). */
  own: { readonly residual?: boolean } = {},
): Value {
  const { x, norm, run, layerScale, dropPath, next } = branch;
  const study = variant === 'study';
  const scaled = (y: Value) => (study ? dropPath(layerScale(y)) : y);
  switch (placement) {
    case 'parallel':
      return add(next(x), scaled(module(input === 'residual' ? x : norm(x))));
    case 'sequential': {
      const y = next(x);
      return scaled(add(y, module(y)));
    }
    case 'before':
      return next(x, { run: (u) => run(study || own.residual ? module(u) : add(u, module(u))) });
  }
}
