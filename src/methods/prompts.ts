// What both VPTs share (Jia et al. 2022): p trained tokens among the others, without positions. The merge factor has no term
// of theirs to act on, so in each block the picture's tokens go from the block without prompts to the block with them.
import type { OptionTable, ValuesOf } from '../base/options.ts';
import { linear } from '../graph/ops/linear.ts';
import { expand, reshape } from '../graph/ops/shape.ts';
import type { Value } from '../graph/types.ts';
import type { VitConfig } from '../model/config.ts';
import { type Init, type MethodContext, torchLinear } from '../model/sites.ts';
import { appendTokens, dropTokens, type Tokens, takeTokens } from '../model/tokens.ts';
import { dropout, variant } from './options.ts';

export const promptOptions = {
  prompts: { type: 'integer', default: 10, min: 1, max: 4096, help: 'prompt tokens', grid: [5, 10, 50, 100] },
  projection: {
    type: 'integer',
    default: 0,
    min: 0,
    max: 8192,
    help: 'width of the prompts before a trained projection that all layers share (0 = none; not in the study)',
  },
  dropout: dropout(0, 'the prompts'),
  variant,
} as const satisfies OptionTable;

export type PromptOptions = ValuesOf<typeof promptOptions>;

export const promptStrength = 'in each block, between its output without the prompts (0) and with them (1)';

/** U(-v, v) with v = sqrt(6 / (3 P^2 + width)): the prompts of VPT, the queries of VQT. */
export const promptInit = ({ patchSize }: VitConfig, width: number): Init => ({
  kind: 'uniform',
  bound: Math.sqrt(6 / (3 * patchSize * patchSize + width)),
});

/** How the original builds a linear head: N(0, sqrt(2 / classes)), and a bias of -log(99). */
export const promptHeadInit = (classes: number): { weight: Init; bias: Init } => ({
  weight: { kind: 'normal', std: Math.sqrt(2 / classes) },
  bias: { kind: 'constant', value: -Math.log(99) },
});

/** The prompts that enter block `block`, (B, p, C). */
export function promptsOf(context: MethodContext, name: string, block: number, options: PromptOptions): Value {
  const { prompts: p, projection } = options;
  const { width: C } = context.config;
  const width = options.variant === 'paper' && projection > 0 ? projection : C;
  const own = context.param(`blocks.${block}.${name}.prompts`, [p, width], promptInit(context.config, width));
  const projected =
    width === C && projection === 0
      ? own
      : linear(
          own,
          context.param(`${name}.projection.weight`, [C, width], { kind: 'normal', std: Math.sqrt(2 / C) }),
          context.param(`${name}.projection.bias`, [C], torchLinear(width)),
        );
  const each = expand(reshape(projected, [1, p, C]), [context.batch, p, C]);
  return context.dropout(`blocks.${block}.${name}.dropout`, each, options.dropout);
}

/** A block in which the prompts (B, p, C) are among the tokens, and gone after it. */
export function blockWithPrompts(
  context: MethodContext,
  name: string,
  tokens: Tokens,
  prompts: Value,
  next: (tokens: Tokens) => Tokens,
): Tokens {
  const x = context.interpolate(
    () => next(tokens).x,
    () => dropTokens(next(appendTokens(tokens, name, prompts)), name).x,
  );
  return { x, layout: tokens.layout };
}

/** A block that prompts pass through, as the last of the tokens. */
export function blockAmongPrompts(
  context: MethodContext,
  name: string,
  tokens: Tokens,
  next: (tokens: Tokens) => Tokens,
): Tokens {
  const passed = () => next(tokens);
  const x = context.interpolate(
    () => appendTokens(next(dropTokens(tokens, name)), name, takeTokens(passed(), name)).x,
    () => passed().x,
  );
  return { x, layout: tokens.layout };
}
