// Methods with tokens of their own: VPT, VQT, prefix tuning; and PATT, which adds to keys and values.
import type { GoldenCase } from '../case.ts';
import { isOn, isPaper, type MethodTranslation, rowsOfPart, termsOf } from '../translation.ts';

const row = (index: number) => ({ rows: [index, index + 1] as const });

/** The first block with prompts, by the study's vpt_layer. */
function firstPrompted({ json, config }: GoldenCase): number {
  const last = json.method.authors_flags_all?.vpt_layer;
  return isOn(last) ? config.depth - Number(last) : 0;
}

export const vpt: MethodTranslation = {
  ignoresMergeFactor: true,
  flags: ['vpt_mode', 'vpt_num', 'vpt_layer', 'vpt_dropout'],
  study(flags) {
    if (!isOn(flags.vpt_mode)) return [];
    const last = isOn(flags.vpt_layer) ? Number(flags.vpt_layer) : 0;
    const deep = flags.vpt_mode === 'deep';
    return [
      {
        name: `vpt-${flags.vpt_mode}`,
        options: {
          prompts: Number(flags.vpt_num),
          variant: 'study',
          ...(deep ? { lastBlocks: last } : { entersBefore: last }),
        },
      },
    ];
  },
  paper(golden) {
    const terms = termsOf(golden, 'vpt');
    if (!terms) return undefined;
    const projection = terms.project_dim === null ? 0 : Number(terms.project_dim);
    return { name: `vpt-${terms.mode}`, options: { prompts: Number(terms.num_prompts), projection } };
  },
  source(name, golden) {
    const projection = /^vpt-\w+\.projection\.(weight|bias)$/.exec(name);
    if (projection) return { name: `prompt_proj.${projection[1]}` };
    const match = /^blocks\.(\d+)\.vpt-(?:deep|shallow)\.prompts$/.exec(name);
    if (!match) return undefined;
    const block = Number(match[1]);
    if (!isPaper(golden)) return { name: 'vpt.prompt_embeddings', ...row(block - firstPrompted(golden)) };
    return block === 0 ? { name: 'prompt_embeddings' } : { name: 'deep_prompt_embeddings', ...row(block - 1) };
  },
};

export const vqt: MethodTranslation = {
  ignoresMergeFactor: true,
  flags: ['vqt_num', 'vqt_dropout'],
  study: (flags) =>
    isOn(flags.vqt_num)
      ? [{ name: 'vqt', options: { queries: Number(flags.vqt_num), dropout: 0, variant: 'study' } }]
      : [],
  paper(golden) {
    const terms = termsOf(golden, 'vqt');
    if (!terms) return undefined;
    return {
      name: 'vqt',
      options: {
        queries: Number(terms.num_queries),
        combine: String(terms.combine).replace('_', '-'),
        normalize: terms.normalize_features === true,
        groupLasso: golden.json.train?.loss_extra?.coefficient ?? 0,
        dropout: 0,
      },
    };
  },
  source(name, golden) {
    if (name === 'vqt.mixing') return { name: 'vqt.combine_layer.weight' };
    const match = /^blocks\.(\d+)\.vqt\.(queries|weights)$/.exec(name);
    if (!match) return undefined;
    const file = match[2] === 'queries' ? 'query_prompt_embeddings' : 'combine_params';
    return { name: isPaper(golden) ? file : `vqt.${file}`, ...row(Number(match[1])) };
  },
};

export const prefix: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'prefix');
    if (!terms) return undefined;
    const hidden = terms.reparametrisation_hidden === null ? 0 : Number(terms.reparametrisation_hidden);
    return { name: 'prefix', options: { length: Number(terms.num_prefix), hidden } };
  },
  source(name) {
    const match = /^(blocks\.\d+\.attn)\.prefix\.(k|v|embedding|(down|up)\.(weight|bias))$/.exec(name);
    if (!match) return undefined;
    const [, attn, leaf, layer, kind] = match;
    if (layer) return { name: `${attn}.control_trans.${layer === 'down' ? 0 : 2}.${kind}` };
    return { name: leaf === 'embedding' ? `${attn}.wte.weight` : `${attn}.prefix_${leaf}` };
  },
};

const pattTargets = (golden: GoldenCase): string[] => [...String(golden.json.method.terms.mode).replace('patt_', '')];

export const patt: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'patt');
    if (!terms) return undefined;
    const ffn = terms.ffn_adapter as { bottleneck: number; scale: number } | null;
    return {
      name: 'patt',
      options: {
        bottleneck: Number(terms.bottleneck),
        scale: Number(terms.scale),
        targets: pattTargets(golden),
        ...(ffn ? { ffnBottleneck: ffn.bottleneck, ffnScale: ffn.scale } : {}),
      },
    };
  },
  source(name, golden) {
    const ffn = /^(blocks\.\d+\.mlp)\.patt\.(down|up)\.(weight|bias)$/.exec(name);
    if (ffn) return { name: `${ffn[1]}.adaptmlp.${ffn[2]}_proj.${ffn[3]}` };
    const down = /^(blocks\.\d+\.attn)\.patt\.down\.(weight|bias)$/.exec(name);
    if (down) return { name: `${down[1]}.qkv_adapter.0.${down[2]}` };
    const up = /^(blocks\.\d+\.attn)\.patt\.up\.([qkv])\.(weight|bias)$/.exec(name);
    if (!up) return undefined;
    return {
      name: `${up[1]}.qkv_adapter.2.${up[3]}`,
      ...rowsOfPart(pattTargets(golden), up[2]!, golden.config.width),
    };
  },
};
