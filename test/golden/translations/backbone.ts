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

/**
 * The blocks that the study's substring matching trains: `1.attn.qkv` is also found in `blocks.11.attn.qkv`, and `blocks.1`
 * in `blocks.10`. Below ten blocks they are those asked for.
 */
function matched(indices: unknown, depth: number, layers?: readonly string[]): number[] {
  const asked = Array.isArray(indices) ? indices.map(String) : (String(indices ?? '').match(/\d+/g) ?? []);
  return Array.from({ length: depth }, (_, block) => block).filter((block) =>
    asked.some((index) => (layers ? String(block).endsWith(index) : String(block).startsWith(index))),
  );
}

/** The study's selection by index: lists, or tuples as its configuration files write them, `(10, 11)`. */
export const partial: MethodTranslation = {
  flags: ['attention_index', 'attention_type', 'mlp_index', 'mlp_type', 'block_index'],
  study(flags, { config }) {
    const choices: MethodChoice[] = [];
    const add = (indices: unknown, layers?: readonly string[]) => {
      const blocks = matched(indices, config.depth, layers);
      if (blocks.length > 0) choices.push({ name: 'partial', options: { blocks, ...(layers ? { layers } : {}) } });
    };
    add(flags.attention_index, attention[String(flags.attention_type)]);
    add(flags.mlp_index, mlp[String(flags.mlp_type)]);
    add(flags.block_index);
    return choices;
  },
};
