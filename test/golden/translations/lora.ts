// The study's LoRA: one A for q, k and v of a block, B stacked in one tensor.
import { isOn, type MethodTranslation } from '../translation.ts';

export const lora: MethodTranslation = {
  flags: ['lora_bottleneck'],
  study: (flags) =>
    isOn(flags.lora_bottleneck)
      ? { name: 'lora', options: { rank: Number(flags.lora_bottleneck), variant: 'study' } }
      : undefined,
  source(name, { config }) {
    const down = /^(blocks\.\d+\.attn)\.lora\.A$/.exec(name);
    if (down) return { name: `${down[1]}.lora.lora_a.weight` };
    const up = /^(blocks\.\d+\.attn)\.([qkv])\.lora\.B$/.exec(name);
    if (!up) return undefined;
    const start = 'qkv'.indexOf(up[2]!) * config.width;
    return { name: `${up[1]}.lora.lora_b.weight`, rows: [start, start + config.width] };
  },
};
