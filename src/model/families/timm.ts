// timm's parameter names: canonical names, but q, k and v fused in one layer `attn.qkv` (rows in that order).
import type { Source } from './family.ts';

/** Where a canonical parameter lies in a state dict of timm's, for tokens of width `width`. */
export function timmSource(canonical: string, width: number): Source {
  const match = /^(.*\.attn)\.([qkv])\.(weight|bias)$/.exec(canonical);
  if (!match) return { name: canonical };
  const [, attn, part, leaf] = match;
  const start = 'qkv'.indexOf(part!) * width;
  return { name: `${attn}.qkv.${leaf}`, rows: [start, start + width] };
}
