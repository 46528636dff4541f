// The registry: one line a method. Where several are combined, this is their order from the outside in: a factor on a whole
// branch stands outside all that others do in it, a linear bottleneck before a layer outside the updates of that layer, and
// those outside a scale and shift of it.

import { OptionError } from '../base/errors.ts';
import { type OptionValue, parseOptions, type ValuesOf } from '../base/options.ts';
import { unknownName } from '../base/suggest.ts';
import { type VitConfig, vitBase } from '../model/config.ts';
import { canMerge } from '../model/sites.ts';
import { adapter } from './adapter.ts';
import { adapterPlus } from './adapter-plus.ts';
import { adaptformer } from './adaptformer.ts';
import { bitfit } from './bitfit.ts';
import { convpass } from './convpass.ts';
import { difffit } from './difffit.ts';
import { dora } from './dora.ts';
import { factTk } from './fact-tk.ts';
import { factTt } from './fact-tt.ts';
import { full } from './full.ts';
import { houlsby } from './houlsby.ts';
import { ia3 } from './ia3.ts';
import { layernorm } from './layernorm.ts';
import { linear } from './linear.ts';
import { lora } from './lora.ts';
import type { Method } from './method.ts';
import { partial } from './partial.ts';
import { patt } from './patt.ts';
import { pfeiffer } from './pfeiffer.ts';
import { prefix } from './prefix.ts';
import { repadapter } from './repadapter.ts';
import { ssf } from './ssf.ts';
import { vptDeep } from './vpt-deep.ts';
import { vptShallow } from './vpt-shallow.ts';
import { vqt } from './vqt.ts';

export const methods: readonly Method[] = [
  linear,
  full,
  partial,
  bitfit,
  layernorm,
  difffit,
  repadapter,
  lora,
  dora,
  factTt,
  factTk,
  ssf,
  ia3,
  vptShallow,
  vptDeep,
  vqt,
  prefix,
  patt,
  adapter,
  houlsby,
  pfeiffer,
  adaptformer,
  convpass,
  adapterPlus,
];

/** The method where none is named: few parameters, merges without cost, rarely far from the best. */
export const defaultMethod = lora.name;

/** The method called `name`. Throws OptionError with the nearest known name. */
export function methodNamed(name: string): Method {
  const method = methods.find((m) => m.name === name);
  if (!method)
    throw new OptionError(
      unknownName(
        'method',
        name,
        methods.map((m) => m.name),
      ),
    );
  return method;
}

/** The names in `lora+bitfit`; the default where nothing is given. Throws OptionError for a name given twice. */
export function methodNames(text: string = defaultMethod): string[] {
  const names = text.split('+').map((name) => name.trim());
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new OptionError(`method ${text}: names ${twice} twice`);
  return names;
}

export interface MethodChoice {
  readonly name: string;
  readonly options: Readonly<Record<string, OptionValue>>;
}

/** A method with checked, fully defaulted options. */
export interface ConfiguredMethod {
  readonly method: Method;
  readonly options: ValuesOf<Method['options']>;
}

export function configureMethod(choice: {
  readonly name: string;
  readonly options?: Readonly<Record<string, unknown>>;
}): ConfiguredMethod {
  const method = methodNamed(choice.name);
  return { method, options: parseOptions(`method ${method.name}`, method.options, choice.options ?? {}) };
}

/**
 * Several methods to be combined, in the registry's order whatever the order they are named in: the same combination is the
 * same network. Throws OptionError.
 */
export function configureMethods(choices: readonly Parameters<typeof configureMethod>[0][]): ConfiguredMethod[] {
  const place = ({ method }: ConfiguredMethod) => methods.indexOf(method);
  return choices.map(configureMethod).sort((a, b) => place(a) - place(b));
}

/** Throws OptionError where a method can't be used on a backbone, or can't with its options. */
export function checkMethods(configured: readonly ConfiguredMethod[], config: VitConfig): void {
  for (const { method, options } of configured) {
    const reason = method.refuses?.(config, options);
    if (reason) throw new OptionError(`method ${method.name}: can't be used on this backbone: ${reason}`);
  }
}

/** Whether a method with its default options can be merged into plain weights. */
export function mergesByDefault(method: Method): boolean {
  const { options } = configureMethod({ name: method.name });
  return method.at === undefined || canMerge(method.at(options, vitBase));
}
