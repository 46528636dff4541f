// Modules inside a residual branch: adapters of all kinds, Convpass, RepAdapter. In the study's code any of them can stand
// at several places of either branch.

import type { OptionValue } from '../../../src/base/options.ts';
import type { MethodChoice } from '../../../src/methods/index.ts';
import { type Flags, isOn, isPaper, type MethodTranslation, termsOf } from '../translation.ts';

type Branch = 'attn' | 'mlp';
type Options = Record<string, OptionValue>;

const placements: Readonly<Record<string, string>> = {
  parallel: 'parallel',
  sequential_after: 'sequential',
  sequential_before: 'before',
};

/** The study's module of one branch, as our general methods say it. */
function moduleOf(flags: Flags, branch: Branch): MethodChoice | undefined {
  const module = flags[`ft_${branch}_module`];
  if (!isOn(module)) return undefined;
  const place = {
    branches: [branch],
    placement: placements[String(flags[`ft_${branch}_mode`])]!,
    input: flags[`ft_${branch}_ln`] === 'before' ? 'residual' : 'normed',
    dropout: 0,
    variant: 'study',
  };
  switch (module) {
    case 'adapter': {
      const scaler = flags.adapter_scaler;
      const scale: Options = Number.isFinite(Number(scaler)) ? { scale: Number(scaler) } : { learnScale: true };
      return { name: 'adapter', options: { ...place, bottleneck: Number(flags.adapter_bottleneck), ...scale } };
    }
    case 'convpass':
      return {
        name: 'convpass',
        options: {
          ...place,
          bottleneck: Number(flags.convpass_bottleneck),
          scale: Number(flags.convpass_scaler),
          xavierConv: flags.convpass_xavier_init === true,
        },
      };
    default:
      return {
        name: 'repadapter',
        options: {
          ...place,
          bottleneck: Number(flags.repadapter_bottleneck),
          scale: Number(flags.repadapter_scaler),
          groups: Number(flags.repadapter_group),
        },
      };
  }
}

/** The named methods where the study's flags spell one out, so that each is held to its case. */
function named(attn: MethodChoice | undefined, mlp: MethodChoice | undefined): MethodChoice | undefined {
  if (mlp?.name !== 'adapter' || (attn && attn.name !== 'adapter')) return undefined;
  const { bottleneck, scale, learnScale, placement, input } = mlp.options;
  const own = { bottleneck: bottleneck!, dropout: 0, variant: 'study', ...(scale === undefined ? {} : { scale }) };
  if (!attn && placement === 'parallel' && input === 'residual')
    return { name: 'adaptformer', options: { ...own, ...(learnScale ? { learnScale } : {}) } };
  if (placement !== 'sequential' || learnScale) return undefined;
  if (!attn) return { name: 'pfeiffer', options: own };
  return attn.options.placement === 'sequential' ? { name: 'houlsby', options: own } : undefined;
}

/** Our leaves, as the study and the papers' code call them. */
const leaves: Readonly<Record<string, string>> = {
  'down.weight': 'down_proj.weight',
  'down.bias': 'down_proj.bias',
  'up.weight': 'up_proj.weight',
  'up.bias': 'up_proj.bias',
  scale: 'scale',
  'norm.weight': 'adapter_layer_norm_before.weight',
  'norm.bias': 'adapter_layer_norm_before.bias',
};

export const adapters: MethodTranslation = {
  flags: ['ft_attn_module', 'ft_mlp_module'],
  study(flags) {
    const [attn, mlp] = [moduleOf(flags, 'attn'), moduleOf(flags, 'mlp')];
    const one = named(attn, mlp);
    if (one) return [one];
    return [attn, mlp].filter((choice) => choice !== undefined);
  },
  paper(golden) {
    const terms = termsOf(golden, 'adaptformer');
    if (!terms) return undefined;
    const scale: Options = Number.isFinite(Number(terms.scale)) ? { scale: Number(terms.scale) } : { learnScale: true };
    return {
      name: 'adaptformer',
      options: {
        bottleneck: Number(terms.bottleneck),
        ...scale,
        placement: String(terms.option),
        norm: String(terms.adapter_layernorm),
        dropout: 0,
      },
    };
  },
  source(name, golden) {
    const match = /^(blocks\.\d+)\.(attn|mlp)\.(?:adapter|houlsby|pfeiffer|adaptformer)\.([\w.]+)$/.exec(name);
    if (!match) return undefined;
    const [, block, branch, leaf] = match;
    return { name: `${block}.${isPaper(golden) ? 'adaptmlp' : `ft_${branch}_module`}.${leaves[leaf!]}` };
  },
};

export const convpass: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'convpass');
    if (!terms) return undefined;
    return {
      name: 'convpass',
      options: {
        branches: terms.branches as string[],
        bottleneck: Number(terms.bottleneck),
        scale: Number(terms.scale),
        xavierConv: terms.conv_xavier_init === true,
        dropout: 0,
      },
    };
  },
  source(name, golden) {
    const match = /^(blocks\.\d+)\.(attn|mlp)\.convpass\.(\w+)\.(weight|bias)$/.exec(name);
    if (!match) return undefined;
    const [, block, branch, layer, leaf] = match;
    return {
      name: `${block}.${isPaper(golden) ? 'adapter' : 'ft'}_${branch}${isPaper(golden) ? '' : '_module'}.adapter_${layer}.${leaf}`,
    };
  },
};

export const repadapter: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'repadapter');
    if (!terms) return undefined;
    const { bottleneck, scale, groups } = terms as { bottleneck: number; scale: number; groups: number };
    return {
      name: 'repadapter',
      options: { branches: terms.branches as string[], bottleneck, scale, groups, dropout: 0 },
    };
  },
  source(name, golden) {
    const match = /^(blocks\.\d+)\.(attn|mlp)\.repadapter\.([AB])\.(weight|bias)$/.exec(name);
    if (!match) return undefined;
    const [, block, branch, layer, leaf] = match;
    const module = isPaper(golden) ? `adapter_${branch}` : `ft_${branch}_module`;
    return { name: `${block}.${module}.conv_${layer}.${leaf}` };
  },
};

const adapterPlusLeaves: Readonly<Record<string, string>> = {
  'down.weight': 'bottleneck.1.weight',
  'down.bias': 'bottleneck.1.bias',
  'up.weight': 'bottleneck.4.weight',
  'up.bias': 'bottleneck.4.bias',
  scale: 'scaling',
  'norm.weight': 'norm_a.weight',
  'norm.bias': 'norm_a.bias',
  drop_path: 'drop_path_a',
};

export const adapterPlus: MethodTranslation = {
  paper(golden) {
    const terms = termsOf(golden, 'adapter_plus');
    if (!terms) return undefined;
    const { scaling } = terms;
    const scale: Options =
      typeof scaling === 'number' ? { scaling: 'constant', scale: scaling } : { scaling: String(scaling) };
    return {
      name: 'adapter-plus',
      options: {
        position: terms.position === 'pfeiffer' ? 'post' : String(terms.position),
        bottleneck: Number(terms.bottleneck),
        ...scale,
        init: String(terms.init),
        norm: terms.adapter_layernorm === true,
        biases: terms.bias !== false,
        dropPath: golden.json.drop_path?.adapter ?? 0,
      },
    };
  },
  source(name) {
    const match = /^(blocks\.\d+)\.(attn|mlp)\.adapter-plus\.([\w.]+)$/.exec(name);
    if (match)
      return { name: `${match[1]}.adapter${match[2] === 'attn' ? '_attn' : ''}.${adapterPlusLeaves[match[3]!]}` };
    const dropPath = /^(blocks\.\d+)\.(attn|mlp)\.drop_path$/.exec(name);
    return dropPath ? { name: `${dropPath[1]}.drop_path${dropPath[2] === 'attn' ? 1 : 2}` } : undefined;
  },
};
