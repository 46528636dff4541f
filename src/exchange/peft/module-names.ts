// What PEFT's adapters call the modules of a ViT: the names that they have in memory in transformers (5 renamed those of 4,
// and adapters of both are about) and in timm. Compared with `named_modules()` of transformers 5.24 and 4.57 and timm 1.0.31.
import type { LinearPart, VitConfig } from '../../model/config.ts';
import type { AfterSite } from '../../model/sites.ts';

export interface TheirModule {
  readonly name: string;
  /** The canonical modules that it is: one, or q, k and v, whose rows lie one after the other. */
  readonly parts: readonly string[];
  readonly kind: 'linear' | 'conv' | 'norm';
}

/** One way of naming the modules of a backbone and its classifier. */
export interface ModuleNames {
  readonly library: string;
  readonly modules: readonly TheirModule[];
}

interface Spelling {
  readonly library: string;
  readonly block: string;
  readonly attention: Readonly<Record<'q' | 'k' | 'v', string>> | { readonly fused: string };
  readonly layers: Readonly<Record<Exclude<LinearPart, 'q' | 'k' | 'v'>, string>>;
  readonly norms: Readonly<Record<Exclude<AfterSite['part'], 'patch_embed'>, string>>;
  readonly patches: string;
  readonly head: string;
}

const timm: Spelling = {
  library: 'timm',
  block: 'blocks.#.',
  attention: { fused: 'attn.qkv' },
  layers: { proj: 'attn.proj', fc1: 'mlp.fc1', fc2: 'mlp.fc2' },
  norms: { norm1: 'norm1', norm2: 'norm2', norm: 'norm', norm_pre: 'norm_pre' },
  patches: 'patch_embed.proj',
  head: 'head',
};

function transformers(model: string, release: 4 | 5, norms: 'vit' | 'dinov2'): Spelling {
  const old = release === 4;
  const vit = norms === 'vit';
  return {
    library: `transformers ${release}`,
    block: vit && !old ? `${model}.layers.#.` : `${model}.encoder.layer.#.`,
    attention: old
      ? { q: 'attention.attention.query', k: 'attention.attention.key', v: 'attention.attention.value' }
      : { q: 'attention.q_proj', k: 'attention.k_proj', v: 'attention.v_proj' },
    layers: {
      proj: old ? 'attention.output.dense' : 'attention.o_proj',
      fc1: vit && old ? 'intermediate.dense' : 'mlp.fc1',
      fc2: vit && old ? 'output.dense' : 'mlp.fc2',
    },
    norms: {
      norm1: vit ? 'layernorm_before' : 'norm1',
      norm2: vit ? 'layernorm_after' : 'norm2',
      norm: `${model}.layernorm`,
      norm_pre: '',
    },
    patches: `${model}.embeddings.patch_embeddings.projection`,
    head: 'classifier',
  };
}

/** The spellings of a family, the newest first. CLIP and SigLIP have other classifiers in transformers than here: none. */
const spellings: Readonly<Record<string, readonly Spelling[]>> = {
  timm: [timm],
  vit: [transformers('vit', 5, 'vit'), transformers('vit', 4, 'vit')],
  deit: [transformers('deit', 5, 'vit'), transformers('deit', 4, 'vit')],
  dinov2: [transformers('dinov2', 5, 'dinov2'), transformers('dinov2', 4, 'dinov2')],
  dinov2_with_registers: [
    transformers('dinov2_with_registers', 5, 'dinov2'),
    transformers('dinov2_with_registers', 4, 'dinov2'),
  ],
};

/** How adapters may name the modules of this backbone; none where PEFT's model would be another network than ours. */
export function moduleNames(config: VitConfig): readonly ModuleNames[] {
  // transformers keeps the gate of a SwiGLU apart (5) or fused (4); an adapter on it is refused as unknown.
  const withMlp = config.mlp === 'plain' || config.family === 'timm';
  return (spellings[config.family] ?? []).map((spelling) => {
    const { library, block, attention, layers, norms, patches, head } = spelling;
    const modules: TheirModule[] = [{ name: patches, parts: ['patch_embed.proj'], kind: 'conv' }];
    const add = (kind: TheirModule['kind'], name: string, ...parts: string[]) => modules.push({ name, parts, kind });
    if (config.preNorm) add('norm', norms.norm_pre, 'norm_pre');
    for (let i = 0; i < config.depth; i++) {
      const at = block.replace('#', String(i));
      const [ours, qkv] = [`blocks.${i}`, ['q', 'k', 'v'] as const];
      add('norm', at + norms.norm1, `${ours}.norm1`);
      if ('fused' in attention) add('linear', at + attention.fused, ...qkv.map((part) => `${ours}.attn.${part}`));
      else for (const part of qkv) add('linear', at + attention[part], `${ours}.attn.${part}`);
      add('linear', at + layers.proj, `${ours}.attn.proj`);
      add('norm', at + norms.norm2, `${ours}.norm2`);
      if (withMlp) for (const part of ['fc1', 'fc2'] as const) add('linear', at + layers[part], `${ours}.mlp.${part}`);
    }
    if (config.finalNorm === 'tokens') add('norm', norms.norm, 'norm');
    if (config.finalNorm === 'pooled') add('norm', 'fc_norm', 'fc_norm');
    add('linear', head, 'head');
    return { library, modules };
  });
}
