// The registry of golden readers, and the reading of a whole case.
import type { MethodChoice } from '../../../src/methods/index.ts';
import type { Source } from '../../../src/model/families/family.ts';
import { timmSource } from '../../../src/model/families/timm.ts';
import type { GoldenCase } from '../case.ts';
import { isOn, type MethodTranslation } from '../translation.ts';
import { bitfit, full, layernorm, partial } from './backbone.ts';
import { fact } from './fact.ts';
import { dora, lora } from './low-rank.ts';
import { adapterPlus, adapters, convpass, repadapter } from './modules.ts';
import { difffit, ia3, ssf } from './scales.ts';
import { patt, prefix, vpt, vqt } from './tokens.ts';

const translations: readonly MethodTranslation[] = [
  full,
  partial,
  bitfit,
  layernorm,
  lora,
  dora,
  fact,
  ssf,
  difffit,
  ia3,
  vpt,
  vqt,
  prefix,
  patt,
  adapters,
  convpass,
  repadapter,
  adapterPlus,
];

/** Flags that switch a method on in the study's code; all others only set its options. */
const switches = [
  'ft_attn_module',
  'ft_mlp_module',
  'vpt_mode',
  'ssf',
  'lora_bottleneck',
  'fact_type',
  'bitfit',
  'vqt_num',
  'mlp_index',
  'attention_index',
  'ln',
  'difffit',
  'full',
  'block_index',
];

export interface Translation {
  readonly methods: readonly MethodChoice[];
  /** Where a parameter of ours lies in the fixture. */
  readonly source: (name: string) => Source;
  /** Names of the methods that the study's merge factor leaves alone. */
  readonly withoutMergeFactor: ReadonlySet<string>;
}

/** The study's zero-shot head is a sequence: CLIP's projection, then the classifier. */
function clipHead(name: string, { config, tensors }: GoldenCase): Source | undefined {
  if (config.head !== 'clip' || !name.startsWith('head.')) return undefined;
  const inSequence = name === 'head.proj.weight' ? 'head.0.linear.weight' : name.replace('head.', 'head.1.');
  return tensors.has(`backbone.${inSequence}`) ? { name: inSequence } : undefined;
}

/** The methods of a case and where their parameters lie, or why it can't be run. */
export function translate(golden: GoldenCase): Translation | { readonly skip: string } {
  const source = (name: string): Source => {
    for (const translation of translations) {
      const found = translation.source?.(name, golden);
      if (found) return found;
    }
    return clipHead(name, golden) ?? timmSource(name, golden.config.width);
  };
  const linear: MethodChoice = { name: 'linear', options: {} };

  if (golden.json.variant === 'paper') {
    const choice = translations.map((t) => t.paper?.(golden)).find((c) => c !== undefined);
    return choice
      ? { methods: [choice], source, withoutMergeFactor: new Set() }
      : { skip: `no method yet for ${golden.json.method.name}` };
  }
  const flags = golden.json.method.authors_flags_all ?? {};
  const understood = new Set(translations.flatMap((t) => t.flags ?? []));
  const unknown = switches.filter((flag) => isOn(flags[flag]) && !understood.has(flag));
  if (unknown.length > 0) return { skip: `no method yet for ${unknown.join(', ')}` };
  const chosen = translations.map((t) => ({ t, choices: t.study?.(flags, golden) ?? [] }));
  const methods = chosen.flatMap(({ choices }) => choices);
  return {
    methods: methods.length > 0 ? methods : [linear],
    source,
    withoutMergeFactor: new Set(
      chosen.flatMap(({ t, choices }) => (t.ignoresMergeFactor ? choices.map(({ name }) => name) : [])),
    ),
  };
}
