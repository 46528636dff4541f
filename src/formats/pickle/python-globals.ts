// Globals of Python's standard library that checkpoints and data sets hold: containers, settings and paths, as plain data.
import { type Call, type PickleGlobal, type Stateful, setState, textOf } from './machine.ts';

/** An object of which only the fields are kept. */
export interface PickleRecord extends Stateful {
  readonly kind: 'record';
  readonly type: string;
  readonly fields: Map<unknown, unknown>;
}

export function globalOf(name: string, call?: PickleGlobal['call']): [string, PickleGlobal] {
  return [name, { kind: 'global', name, ...(call ? { call } : {}) }];
}

function recordOf(type: string): PickleRecord {
  const fields = new Map<unknown, unknown>();
  return {
    kind: 'record',
    type,
    fields,
    [setState](state, { fail, spend }) {
      if (!(state instanceof Map)) return fail(`its pickle gives a ${type} no fields`);
      spend(state.size);
      for (const [name, value] of state) fields.set(name, value);
    },
  };
}

/** A Map of a dict, of a list of pairs, or of nothing. */
function mapOf(items: unknown, { fail, spend }: Call): Map<unknown, unknown> {
  if (items === undefined) return new Map();
  if (items instanceof Map) {
    spend(items.size);
    return new Map(items);
  }
  if (!Array.isArray(items)) return fail('its pickle makes a dict of what is none');
  spend(items.length);
  const map = new Map<unknown, unknown>();
  for (const pair of items) {
    if (!Array.isArray(pair) || pair.length !== 2) return fail('its pickle makes a dict of what are no pairs');
    map.set(textOf(pair[0]) ?? pair[0], pair[1]);
  }
  return map;
}

function setOf(items: unknown, { fail, spend }: Call): Set<unknown> {
  if (items === undefined) return new Set();
  if (!Array.isArray(items)) return fail('its pickle makes a set of what is no list');
  spend(items.length);
  return new Set(items);
}

/** Python 3 writes bytes at protocol 2 as `_codecs.encode(text, 'latin1')`. */
function encode([text, encoding]: readonly unknown[], { fail, spend }: Call): Uint8Array {
  if (typeof text !== 'string' || encoding !== 'latin1') return fail('its pickle encodes text as what is not latin1');
  spend(text.length >> 6); // a character costs less than an instruction
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 255) return fail('its pickle encodes text as latin1 that is none');
    bytes[i] = code;
  }
  return bytes;
}

function pathOf(parts: readonly unknown[], { fail, spend }: Call): string {
  spend(parts.length);
  const texts = parts.map((part) => textOf(part) ?? fail('its pickle makes a path of what is no text'));
  if (texts.reduce((n, text) => n + text.length, 0) > 4096)
    return fail('its pickle has a path of over 4096 characters');
  return texts.join('/').replace(/^\/\//, '/');
}

export const pythonGlobals: readonly (readonly [string, PickleGlobal])[] = [
  globalOf('collections.OrderedDict', ([items], context) => mapOf(items, context)),
  globalOf('collections.defaultdict', ([, items], context) => mapOf(items, context)), // the factory is not needed
  globalOf('collections.Counter', ([items], context) => mapOf(items, context)),
  globalOf('builtins.set', ([items], context) => setOf(items, context)),
  globalOf('builtins.frozenset', ([items], context) => setOf(items, context)),
  globalOf('builtins.bytes', (args, { fail }) =>
    args.length === 0 ? new Uint8Array() : fail('its pickle calls builtins.bytes with arguments'),
  ),
  ...['int', 'long', 'float', 'bool', 'str', 'unicode', 'list', 'dict', 'tuple', 'object'].map((type) =>
    globalOf(`builtins.${type}`),
  ),
  globalOf('_codecs.encode', encode),
  globalOf('argparse.Namespace', () => recordOf('argparse.Namespace')),
  ...['PosixPath', 'PurePosixPath', 'WindowsPath', 'PureWindowsPath'].map((type) =>
    globalOf(`pathlib.${type}`, pathOf),
  ),
];
