// LoRA and DoRA: the study's (one A for q, k and v of a block, B stacked), loralib's (A and B of the enabled targets stacked)
// and PEFT's (qkv is one layer with one A).

import type { GoldenCase } from '../case.ts';
import { isOn, isPaper, type MethodTranslation, rowsOfPart, termsOf } from '../translation.ts';

const qkv = ['q', 'k', 'v'];

const enabled = (golden: GoldenCase): readonly string[] => {
  const targets = golden.json.method.terms.targets as readonly string[];
  return targets.includes('qkv') ? qkv : qkv.filter((part) => targets.includes(part));
};

function lowRank(method: 'lora' | 'dora', peftName: string): MethodTranslation {
  return {
    paper(golden) {
      const terms = termsOf(golden, peftName, ...(method === 'lora' ? ['lora'] : []));
      if (!terms) return undefined;
      const joint = (terms.targets as string[]).includes('qkv');
      const targets = (terms.targets as string[]).flatMap((part) => (part === 'qkv' ? qkv : [part]));
      const { rank, alpha, rslora } = terms as { rank: number; alpha: number; rslora?: boolean };
      return { name: method, options: { rank, alpha, rslora: rslora ?? false, targets, joint } };
    },
    source(name, golden) {
      const { config } = golden;
      const joint = new RegExp(`^(blocks\\.\\d+\\.attn)\\.${method}\\.A$`).exec(name);
      if (joint) return { name: isPaper(golden) ? `${joint[1]}.qkv.lora_A.weight` : `${joint[1]}.lora.lora_a.weight` };
      const own = new RegExp(`^(blocks\\.\\d+\\.(?:attn|mlp))\\.(\\w+)\\.${method}\\.(A|B|magnitude)$`).exec(name);
      if (!own) return undefined;
      const [, module, part, leaf] = own;
      if (!isPaper(golden)) return { name: `${module}.lora.lora_b.weight`, ...rowsOfPart(qkv, part!, config.width) };
      const peft = golden.json.method.name!.startsWith('peft');
      const file = leaf === 'magnitude' ? 'lora_magnitude_vector' : `lora_${leaf}${peft ? '.weight' : ''}`;
      if (!qkv.includes(part!)) return { name: `${module}.${part}.${file}` };
      const size = leaf === 'A' ? (golden.json.method.terms.rank as number) : config.width;
      return { name: `${module}.qkv.${file}`, ...rowsOfPart(enabled(golden), part!, size) };
    },
  };
}

export const dora = lowRank('dora', 'peft_dora');
export const lora: MethodTranslation = {
  ...lowRank('lora', 'peft_lora'),
  flags: ['lora_bottleneck'],
  study: (flags) =>
    isOn(flags.lora_bottleneck)
      ? [{ name: 'lora', options: { rank: Number(flags.lora_bottleneck), variant: 'study' } }]
      : [],
};
