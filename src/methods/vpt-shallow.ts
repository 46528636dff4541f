// VPT-shallow (Jia et al. 2022): prompts enter the first block and go through all of them like any token. In the study's
// code they are taken out again after that one block: another function.

import { appendTokens } from '../model/tokens.ts';
import { defineMethod } from './method.ts';
import {
  blockAmongPrompts,
  blockWithPrompts,
  promptHeadInit,
  promptOptions,
  promptStrength,
  promptsOf,
} from './prompts.ts';

const name = 'vpt-shallow';

export const vptShallow = defineMethod({
  name: 'vpt-shallow',
  summary: 'prompt tokens that enter the first block',
  paper: { title: 'Visual Prompt Tuning (Jia et al. 2022)', url: 'https://arxiv.org/abs/2203.12119' },
  learningRate: 5e-3,
  options: {
    ...promptOptions,
    prompts: { ...promptOptions.prompts, grid: [5, 10, 50, 100, 200] },
    entersBefore: {
      type: 'integer',
      default: 0,
      min: 0,
      max: 256,
      help: 'how many blocks from the end they enter (0 = in the first block)',
    },
  },
  start: 'other',
  count: 'prompts C',
  strength: promptStrength,
  refuses: ({ depth }, { entersBefore }) =>
    entersBefore > depth ? `entersBefore is ${entersBefore}, but the backbone has ${depth} blocks` : undefined,
  at(options, { depth }) {
    const entry = options.entersBefore === 0 ? 0 : depth - options.entersBefore;
    const study = options.variant === 'study';
    return {
      tokens(context, { block, next, ...tokens }) {
        if (block < entry || (study && block > entry)) return next(tokens);
        if (block > entry) return blockAmongPrompts(context, name, tokens, next);
        const prompts = promptsOf(context, name, block, options);
        return study
          ? blockWithPrompts(context, name, tokens, prompts, next)
          : blockAmongPrompts(context, name, appendTokens(tokens, name, prompts), next);
      },
      ...(study ? {} : { headInit: promptHeadInit }),
    };
  },
});
