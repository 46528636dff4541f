// FacT: the study hangs its single module into the first block, the original names each part for its layer.
import { isOn, isPaper, type MethodTranslation, termsOf } from '../translation.ts';

const studyRoot = 'blocks.0.attn.fact.';
const studyPlaces: Readonly<Record<string, string>> = {
  q: 'attn.0',
  k: 'attn.1',
  v: 'attn.2',
  proj: 'attn.3',
  fc1: 'mlp.0',
  fc2: 'mlp.1',
};
const shared: Readonly<Record<string, string>> = {
  U: 'FacTu.weight',
  V: 'FacTv.weight',
  core: 'FacTc',
  P: 'FacTp',
};

export const fact: MethodTranslation = {
  flags: ['fact_type', 'fact_dim', 'fact_scaler'],
  study: (flags) =>
    isOn(flags.fact_type)
      ? [
          {
            name: `fact-${flags.fact_type}`,
            options: { rank: Number(flags.fact_dim), scale: Number(flags.fact_scaler), dropout: 0, variant: 'study' },
          },
        ]
      : [],
  paper(golden) {
    const terms = termsOf(golden, 'fact_tt', 'fact_tk') as { type: string; rank: number; scale: number } | undefined;
    return terms && { name: `fact-${terms.type}`, options: { rank: terms.rank, scale: terms.scale, dropout: 0 } };
  },
  source(name, golden) {
    const root = isPaper(golden) ? '' : studyRoot;
    const common = /^fact-t[tk]\.(\w+)$/.exec(name);
    if (common) return { name: root + shared[common[1]!] };
    const own = /^(blocks\.(\d+)\.(?:attn|mlp))\.(\w+)\.fact-tt\.middle$/.exec(name);
    if (!own) return undefined;
    const [, module, block, part] = own;
    return {
      name: isPaper(golden)
        ? `${module}.${part}_FacTs.weight`
        : `${root}per_block_para.${block}.${studyPlaces[part!]}.weight`,
    };
  },
};
