// Finds the state dict in what a checkpoint holds: bare, wrapped beside an optimizer and settings, or nested.
import { CheckpointError } from '../../base/errors.ts';
import { quoted } from '../byte-source.ts';

/**
 * Keys under which training scripts keep a state dict, the better one first: averaged weights before the last (as timm
 * does), a teacher before its student (DINO).
 */
const wrappers = [
  'state_dict_ema',
  'model_ema',
  'state_dict',
  'model',
  'model_state_dict',
  'teacher',
  'student',
  'module',
  'params',
] as const;

/** Deeper nesting is no checkpoint; values looked at bound the time where dicts refer to each other. */
const maxDepth = 16;
const maxVisits = 200_000;
const maxNameLength = 1024;

export interface StateDict<T> {
  /** Keys that lead to it, '' where the checkpoint is bare. */
  readonly path: string;
  /** Dicts within are flattened, their keys joined by dots. */
  readonly tensors: ReadonlyMap<string, T>;
}

/**
 * The tensors of a checkpoint's state dict. `path` (keys joined by dots) picks another than the usual. Throws
 * CheckpointError where there is none.
 */
export function findStateDict<T>(
  name: string,
  root: unknown,
  isTensor: (value: unknown) => value is T,
  path?: string,
): StateDict<T> {
  const chosen = path === undefined ? unwrap(name, root, isTensor) : follow(name, root, path);
  const tensors = flatten(name, chosen.value, isTensor);
  if (tensors.size === 0) {
    const keys =
      root instanceof Map
        ? [...root.keys()]
            .filter(isKey)
            .slice(0, 12)
            .map((key) => quoted(`${key}`))
        : [];
    throw new CheckpointError(`${name}: holds no tensors${keys.length > 0 ? `, only ${keys.join(', ')}` : ''}`);
  }
  return { path: chosen.path, tensors };
}

/** A pickle's dict may have any value for a key, and making text of it could take for ever. */
const isKey = (key: unknown): key is string | number => typeof key === 'string' || typeof key === 'number';

function follow(name: string, root: unknown, path: string): { value: unknown; path: string } {
  let value = root;
  for (const key of path.split('.')) {
    const next = value instanceof Map ? value.get(key) : undefined;
    if (next === undefined) throw new CheckpointError(`${name}: has nothing under ${quoted(path)}`);
    value = next;
  }
  return { value, path };
}

function unwrap<T>(name: string, root: unknown, isTensor: (value: unknown) => value is T) {
  const keys: string[] = [];
  let value = root;
  while (value instanceof Map && keys.length < maxDepth) {
    const dict: Map<unknown, unknown> = value;
    const key = wrappers.find((k) => dict.get(k) instanceof Map && flatten(name, dict.get(k), isTensor, true).size > 0);
    if (key === undefined) break;
    keys.push(key);
    value = dict.get(key);
  }
  return { value, path: keys.join('.') };
}

/** All tensors below `root`, or only the first one found. */
function flatten<T>(
  name: string,
  root: unknown,
  isTensor: (value: unknown) => value is T,
  onlyFirst = false,
): Map<string, T> {
  const found = new Map<string, T>();
  let visits = 0;
  const visit = (value: unknown, prefix: string, depth: number): void => {
    if (onlyFirst && found.size > 0) return;
    if (++visits > maxVisits || depth > maxDepth || prefix.length > maxNameLength)
      throw new CheckpointError(`${name}: is nested too deeply or holds too many values for a checkpoint`);
    if (isTensor(value)) found.set(prefix, value);
    else if (value instanceof Map)
      for (const [key, item] of value)
        if (isKey(key)) visit(item, prefix === '' ? String(key) : `${prefix}.${key}`, depth + 1);
  };
  visit(root, '', 0);
  return found;
}
