// Selective tuning: chosen layers of chosen blocks, by exact index (Partial-k is the last k blocks; Yosinski et al. 2014).
import type { ParameterInfo } from '../model/config.ts';
import { defineMethod } from './method.ts';
import { linearParts } from './options.ts';

const choices = [...linearParts, 'norm', 'layer_scale'] as const;

/** Which choice a block's parameter falls under. */
const choiceOf = (parameter: ParameterInfo): string => parameter.part ?? parameter.module;

export const partial = defineMethod({
  name: 'partial',
  summary: 'chosen layers of chosen blocks',
  paper: {
    title: 'How transferable are features in deep neural networks? (Yosinski et al. 2014)',
    url: 'https://arxiv.org/abs/1411.1792',
  },
  learningRate: 1e-4,
  options: {
    blocks: { type: 'indices', default: [-1], help: 'blocks that are trained' },
    layers: { type: 'set', choices, default: choices, help: 'layers of them that are trained' },
  },
  trains(parameter, { blocks, layers }, { depth }) {
    if (parameter.block === undefined) return false;
    const chosen = blocks.length === 0 || blocks.some((i) => (i < 0 ? depth + i : i) === parameter.block);
    return chosen && (layers as readonly string[]).includes(choiceOf(parameter));
  },
  start: 'pretrained',
  count: '4 C C + 2 C H + 9 C + H',
  refuses({ depth }, { blocks }) {
    const outside = blocks.filter((i) => i >= depth || i < -depth);
    return outside.length > 0 ? `it has blocks 0 to ${depth - 1}, not ${outside.join(', ')}` : undefined;
  },
});
