// From canonical names to a library's: a table of modules, with every spelling that the library has used.
import type { Source, TensorShapes } from './family.ts';

/**
 * Canonical module or parameter, `#` for the block's index, to the names it may have in a file; the first is taken where
 * none is there, for the report.
 */
export type Names = Readonly<Record<string, string | readonly string[]>>;

/** Canonical name -> name in the file. `prefixes`: what all names may begin with, '' included where they may not. */
export function naming(
  tensors: TensorShapes,
  prefixes: readonly string[],
  names: Names,
): (canonical: string) => Source {
  const usual = prefixes.find(
    (prefix) => tensors.size === 0 || [...tensors.keys()].some((name) => name.startsWith(prefix)),
  );
  return (canonical) => {
    const index = /^blocks\.(\d+)\./.exec(canonical)?.[1];
    const key = index === undefined ? canonical : canonical.replace(/^blocks\.\d+/, 'blocks.#');
    const dot = key.lastIndexOf('.');
    const [module, leaf] = [key.slice(0, dot), key.slice(dot)];
    const spellings = names[key] ? [names[key]].flat() : [names[module] ?? module].flat().map((name) => name + leaf);
    const bare = spellings.map((spelling) => spelling.replace('#', index ?? ''));
    const candidates = bare.flatMap((spelling) => prefixes.map((prefix) => prefix + spelling));
    return { name: candidates.find((name) => tensors.has(name)) ?? `${usual ?? ''}${bare[0]}` };
  };
}
