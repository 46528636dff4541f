// Relative cost of a training step, counted in forward passes of the backbone: an assumption where no times were measured.
// Forward 1; gradients of the activations 1 more (every method that trains inside the backbone needs them); gradients of all
// weights 1 more. Prompts make every pass longer. Inserted modules (below 1 % of the backbone) count as nothing.
import type { GridPoint } from './score-grid.ts';

export interface CostRule {
  readonly trains: 'head' | 'few' | 'all';
  /** The hyper-parameter that counts added tokens. */
  readonly prompts?: string;
}

/** Tokens of a ViT-B/16 at 224 x 224: 196 patches and the class token. */
const tokens = 197;

/** Forward passes that one step of a point costs. `cachedHead`: cost of a step on cached features, 1 = not cached. */
export function relativeCost(point: GridPoint, rule: CostRule, cachedHead = 1): number {
  if (rule.trains === 'head') return cachedHead;
  const added = rule.prompts === undefined ? 0 : Number(point.params[rule.prompts] ?? 0);
  return (rule.trains === 'all' ? 3 : 2) * (1 + added / tokens);
}
