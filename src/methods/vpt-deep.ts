// VPT-deep (Jia et al. 2022): each block has prompts of its own, which replace what the block before made of its prompts.
// Attention ignores order, so it doesn't matter that the original keeps them behind the class token and the study before it.
import { defineMethod } from './method.ts';
import { blockWithPrompts, promptHeadInit, promptOptions, promptStrength, promptsOf } from './prompts.ts';

export const vptDeep = defineMethod({
  name: 'vpt-deep',
  summary: 'prompt tokens in every block',
  paper: { title: 'Visual Prompt Tuning (Jia et al. 2022)', url: 'https://arxiv.org/abs/2203.12119' },
  learningRate: 5e-3,
  options: {
    ...promptOptions,
    lastBlocks: { type: 'integer', default: 0, min: 0, max: 256, help: 'only in so many last blocks (0 = in all)' },
  },
  start: 'other',
  count: 'prompts C L',
  strength: promptStrength,
  refuses: ({ depth }, { lastBlocks }) =>
    lastBlocks > depth ? `lastBlocks is ${lastBlocks}, but the backbone has ${depth} blocks` : undefined,
  at: (options, { depth }) => ({
    tokens(context, { block, next, ...tokens }) {
      if (options.lastBlocks > 0 && block < depth - options.lastBlocks) return next(tokens);
      return blockWithPrompts(context, 'vpt-deep', tokens, promptsOf(context, 'vpt-deep', block, options), next);
    },
    ...(options.variant === 'paper' ? { headInit: promptHeadInit } : {}),
  }),
});
