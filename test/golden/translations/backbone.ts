// Methods that only unfreeze backbone weights: their cases hold no tensors of their own.
import type { MethodChoice } from '../../../src/methods/index.ts';
import { isOn, type MethodTranslation, termsOf } from '../translation.ts';

const flagged = (flag: string, name: string): MethodTranslation => ({
  flags: [flag],
  study: (flags) => (isOn(flags[flag]) ? [{ name, options: {} }] : []),
});

export const full = flagged('full', 'full');
export const bitfit = flagged('bitfit', 'bitfit');

export const layernorm: MethodTranslation = {
  ...flagged('ln', 'layernorm'),
  paper(golden) {
    const terms = termsOf(golden, 'peft_ln');
    if (!terms) return undefined;
    const final = typeof terms.targets === 'string' || (terms.targets as string[]).includes('norm');
    return { name: 'layernorm', options: { where: final ? 'everywhere' : 'blocks' } };
  },
};

const attention: Readonly<Record<string, readonly string[]>> = {
  qkv: ['q', 'k', 'v'],
  proj: ['proj'],
  full: ['q', 'k', 'v', 'proj'],
};
const mlp: Readonly<Record<string, readonly string[]>> = { fc1: ['fc1'], fc2: ['fc2'], full: ['fc1', 'fc2'] };

/** The study's selection by index; its substring matching agrees with it below ten blocks. */
export const partial: MethodTranslation = {
  flags: ['attention_index', 'attention_type', 'mlp_index', 'mlp_type', 'block_index'],
  study(flags) {
    const choices: MethodChoice[] = [];
    const add = (blocks: unknown, layers?: readonly string[]) => {
      if (Array.isArray(blocks) && blocks.length > 0)
        choices.push({ name: 'partial', options: { blocks, ...(layers ? { layers } : {}) } });
    };
    add(flags.attention_index, attention[String(flags.attention_type)]);
    add(flags.mlp_index, mlp[String(flags.mlp_type)]);
    add(flags.block_index);
    return choices;
  },
};
