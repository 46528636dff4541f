// The methods whose training step is compared with torch: the published study's, with its usual sizes.
import type { Method } from './work.ts';

export const lora: Method = { name: 'lora', options: { rank: 8 } };
export const full: Method = { name: 'full' };

export const fp32Methods: readonly Method[] = [
  lora,
  { name: 'bitfit' },
  { name: 'adaptformer', options: { bottleneck: 64 } },
  { name: 'ssf' },
  { name: 'vpt-deep', options: { prompts: 10 } },
  { name: 'fact-tk', options: { rank: 32 } },
  { name: 'convpass', options: { bottleneck: 8 } },
  full,
];
