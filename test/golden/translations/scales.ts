// Methods that scale (and shift) channels: SSF, DiffFit, (IA)3.
import { isOn, isPaper, type MethodTranslation, rowsOfPart, termsOf } from '../translation.ts';

const qkv = ['q', 'k', 'v'];

/** Suffixes of SSF's tensors, by our layer: the paper's and the study's. */
const ssfSuffixes: Readonly<Record<string, readonly [paper: string, study: string]>> = {
  qkv: ['1', 'qkv'],
  proj: ['2', 'linear'],
  fc1: ['1', 'hidden'],
  fc2: ['2', 'out'],
};

export const ssf: MethodTranslation = {
  ignoresMergeFactor: true,
  flags: ['ssf'],
  study: (flags) => (isOn(flags.ssf) ? [{ name: 'ssf', options: {} }] : []),
  paper: (golden) => (termsOf(golden, 'ssf') ? { name: 'ssf', options: {} } : undefined),
  source(name, golden) {
    const match = /^(.+)\.ssf\.(scale|shift)$/.exec(name);
    if (!match) return undefined;
    const [, site, leaf] = match;
    if (site === 'patch_embed') return { name: `patch_embed.ssf_${leaf}_1` };
    if (site === 'norm') return { name: `ssf_${leaf}${isPaper(golden) ? '_1' : ''}` };
    const norm = /^(blocks\.\d+)\.norm([12])$/.exec(site!);
    if (norm) return { name: `${norm[1]}.ssf_${leaf}_${norm[2]}` };
    const [, module, part] = /^(blocks\.\d+\.(?:attn|mlp))\.(\w+)$/.exec(site!)!;
    const joined = qkv.includes(part!);
    const [paper, study] = ssfSuffixes[joined ? 'qkv' : part!]!;
    return {
      name: `${module}.ssf_${leaf}_${isPaper(golden) ? paper : study}`,
      ...(joined ? rowsOfPart(qkv, part!, golden.config.width) : {}),
    };
  },
};

export const difffit: MethodTranslation = {
  ignoresMergeFactor: true,
  flags: ['difffit'],
  study: (flags) => (isOn(flags.difffit) ? [{ name: 'difffit', options: {} }] : []),
  source(name) {
    const match = /^(blocks\.\d+)\.(attn|mlp)\.difffit\.gamma$/.exec(name);
    return match ? { name: `${match[1]}.difffit_gamma${match[2] === 'attn' ? 1 : 2}` } : undefined;
  },
};

export const ia3: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'ia3', 'peft_ia3') as
      | { output_scaled: readonly string[]; input_scaled: readonly string[] }
      | undefined;
    if (!terms) return undefined;
    const parts = (names: readonly string[]) => names.flatMap((name) => (name === 'qkv' ? qkv : [name]));
    return { name: 'ia3', options: { outputs: parts(terms.output_scaled), inputs: parts(terms.input_scaled) } };
  },
  source(name, golden) {
    const match = /^(blocks\.\d+\.(?:attn|mlp))\.(\w+)\.ia3\.(?:input|output)$/.exec(name);
    if (!match) return undefined;
    const [, module, part] = match;
    if (golden.json.method.name === 'ia3') return { name: `${module}.ia3_${part === 'fc2' ? 'ff' : part}` };
    const joined = qkv.includes(part!);
    return {
      name: `${module}.${joined ? 'qkv' : part}.ia3_l`,
      ...(joined ? rowsOfPart(qkv, part!, golden.config.width) : {}),
    };
  },
};
