// Which modules a PEFT config means, by PEFT's own rules (tuners_utils.check_target_module_exists). Patterns come from
// files, so they run on RE2, whose time is linear in the name's length whatever the pattern.
import { RE2JS } from 're2js';
import { CheckpointError, messageOf } from '../../base/errors.ts';
import type { LoraConfig, PeftConfig } from './adapter-config.ts';
import type { TheirModule } from './module-names.ts';

function compile(where: string, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw new CheckpointError(
      `${where}: the pattern ${JSON.stringify(pattern.slice(0, 80))} can't be used: ${messageOf(cause)}`,
      { cause },
    );
  }
}

/** A string is a pattern for the whole name; of a list, each is the name or its end, from a dot on. */
const names = (where: string, patterns: string | readonly string[]): ((name: string) => boolean) => {
  if (typeof patterns === 'string') {
    const whole = compile(where, patterns);
    return (name) => whole.matches(name);
  }
  const list = new Set(patterns);
  return (name) => {
    for (let tail = name; ; tail = tail.slice(tail.indexOf('.') + 1)) {
      if (list.has(tail)) return true;
      if (!tail.includes('.')) return false;
    }
  };
};

/** The block that a name belongs to by PEFT's reading, where layers_to_transform asks for some only. */
function layerRule(where: string, config: LoraConfig): (name: string) => boolean {
  const { layers_to_transform: wanted, layers_pattern: within } = config;
  if (wanted === null || wanted === undefined) return () => true;
  const indices = new Set([wanted].flat());
  const containers = [within ?? []].flat();
  const rules = (containers.length > 0 ? containers : ['[^.]*']).map((container) =>
    compile(where, `.*\\.${container}\\.(\\d+)\\.`),
  );
  return (name) => {
    for (const rule of rules) {
      const match = rule.matcher(name);
      if (match.lookingAt()) return indices.has(Number(match.group(1)));
    }
    return false;
  };
}

/** The modules that get an adapter. Throws CheckpointError for a pattern that can't be used. */
export function targetedModules(
  where: string,
  config: PeftConfig,
  modules: readonly TheirModule[],
): readonly TheirModule[] {
  const { target_modules: targets, exclude_modules: excluded, modules_to_save: saved } = config;
  if (targets === null || targets === undefined)
    throw new CheckpointError(`${where}: has no target_modules; save the adapter with those that PEFT chose`);
  const isSaved = names(where, saved ?? []);
  const isExcluded = names(where, excluded ?? []);
  const inLayers = config.peft_type === 'LORA' ? layerRule(where, config) : () => true;
  // PEFT leaves out the classifier; in a saved file the list of modules usually stands in the word's place.
  const isTarget =
    targets === 'all-linear'
      ? ({ kind, parts }: TheirModule) => kind === 'linear' && !parts.includes('head')
      : (
          (match) => (module: TheirModule) =>
            match(module.name)
        )(names(where, targets));
  return modules.filter(
    (module) => isTarget(module) && !isSaved(module.name) && !isExcluded(module.name) && inLayers(module.name),
  );
}

/** Modules among (IA)3's targets whose input is scaled. */
export const feedForward = (where: string, patterns: string | readonly string[] | null | undefined) =>
  names(where, patterns ?? []);

/** The value for a module in rank_pattern or alpha_pattern: that of the first key that is its name or its end. */
export function patternValue(
  where: string,
  table: Readonly<Record<string, number>> | null | undefined,
  name: string,
  otherwise: number,
): number {
  const found = Object.entries(table ?? {}).find(([key]) => compile(where, `(?:.*\\.)?(?:${key})`).matches(name));
  return found?.[1] ?? otherwise;
}
