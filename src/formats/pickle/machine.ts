// The stack machine of Python's pickle format, made harmless: a pickle may name only globals of an allow-list, each a pure
// function written here, so it builds plain data and can run nothing. Dicts become Maps (keys of bytes as text, so that
// Python 2's pickles read like Python 3's), lists and tuples arrays (tuples frozen), bytes and Python 2's str Uint8Arrays;
// objects are records of their own kind, which no pickle can forge.
import { type Fail, quoted } from '../byte-source.ts';
import { type Instruction, instructions } from './opcodes.ts';

/** What a global does with its arguments. Its cost is counted: copying items must call `spend`. */
export interface Call {
  readonly fail: Fail;
  readonly spend: (items: number) => void;
}

/** A Python global that pickles may name. Without `call` it is only a name (a type, a dtype). */
export interface PickleGlobal {
  readonly kind: 'global';
  /** With its module, as Python 3 spells it. */
  readonly name: string;
  readonly call?: (args: readonly unknown[], context: Call) => unknown;
}

/** Takes the state that a pickle gives an object after it was made (BUILD). */
export const setState: unique symbol = Symbol('setState');

export interface Stateful {
  [setState](state: unknown, context: Call): void;
}

export interface PickleOptions {
  /** Allowed globals by name. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What an external id stands for (torch's storages). */
  readonly persistent?: (id: unknown) => unknown;
  readonly fail: Fail;
}

/** Instructions and copied items of a pickle; a training checkpoint of a thousand tensors needs some 100,000. */
const maxSteps = 5_000_000;

/** Python 2's names of modules that Python 3 renamed. */
const renamed = new Map([
  ['__builtin__', 'builtins'],
  ['copy_reg', 'copyreg'],
]);

const mark = Symbol('mark');

/** The value that a pickle at `start` builds, and the byte after it. */
export function unpickle(bytes: Uint8Array, options: PickleOptions, start = 0): { value: unknown; end: number } {
  const { fail } = options;
  const reader = instructions(bytes, start, fail);
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let steps = 0;
  const spend = (items: number) => {
    steps += items;
    if (steps > maxSteps) fail(`its pickle takes more than ${maxSteps} steps`);
  };
  const context: Call = { fail, spend };

  const underflow = (): never => fail(`its pickle takes from an empty stack before byte ${reader.position()}`);
  const pop = (): unknown => {
    const value = stack.length > 0 ? stack.pop() : underflow();
    return value === mark ? underflow() : value;
  };
  const top = (): unknown => {
    const value = stack.length > 0 ? stack.at(-1) : underflow();
    return value === mark ? underflow() : value;
  };
  const popMark = (): unknown[] => {
    const at = stack.lastIndexOf(mark);
    if (at < 0) return underflow();
    const items = stack.splice(at);
    items.shift();
    return items;
  };
  const tuple = (items: unknown[]) => stack.push(Object.freeze(items));
  const list = (value: unknown): unknown[] =>
    Array.isArray(value) && !Object.isFrozen(value) ? value : fail('its pickle appends to what is no list');
  const setItems = (target: unknown, items: readonly unknown[]) => {
    if (!(target instanceof Map)) return fail('its pickle sets items of what is no dict');
    if (items.length % 2 !== 0) return fail('its pickle has a dict key without a value');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      target.set(textOf(key) ?? key, items[i + 1]);
    }
  };
  const find = (module: unknown, name: unknown): PickleGlobal => {
    if (typeof module !== 'string' || typeof name !== 'string') return fail('its pickle asks for what is no name');
    const path = `${renamed.get(module) ?? module}.${name}`;
    const found = options.globals.get(path);
    if (found) return found;
    return fail(
      `its pickle asks for ${quoted(path)}, which is not on the list of harmless names, so nothing of it is read; ` +
        'load the file in Python, if you trust it, and save its state dict with safetensors.torch.save_file',
    );
  };
  const call = (callee: unknown, args: unknown): unknown => {
    if (!isGlobal(callee) || !callee.call)
      return fail(`its pickle calls ${isGlobal(callee) ? callee.name : 'what is no function'}`);
    if (!Array.isArray(args)) return fail(`its pickle calls ${callee.name} with what are no arguments`);
    return callee.call(args, context);
  };
  const build = (target: unknown, state: unknown) => {
    // A dict's own attributes (state dicts carry `_metadata`, versions of modules) say nothing about its items.
    if (target instanceof Map || target instanceof Set) return;
    if (!isStateful(target)) return fail('its pickle gives state to what takes none');
    target[setState](state, context);
  };

  const execute = ({ name, argument }: Instruction): void => {
    switch (name) {
      case 'PROTO':
        if ((argument as number) < 2 || (argument as number) > 5)
          fail(`its pickle has protocol ${argument}; 2 to 5 are read`);
        return;
      case 'FRAME':
      case 'READONLY_BUFFER':
      case 'STOP':
        return;
      case 'MARK':
        stack.push(mark);
        return;
      case 'POP':
        if (stack.pop() === undefined) underflow();
        return;
      case 'POP_MARK':
        popMark();
        return;
      case 'DUP':
        stack.push(top());
        return;
      case 'NONE':
        stack.push(null);
        return;
      case 'NEWTRUE':
        stack.push(true);
        return;
      case 'NEWFALSE':
        stack.push(false);
        return;
      case 'BININT':
      case 'BININT1':
      case 'BININT2':
      case 'LONG1':
      case 'LONG4':
      case 'BINFLOAT':
      case 'BINSTRING':
      case 'SHORT_BINSTRING':
      case 'BINBYTES':
      case 'SHORT_BINBYTES':
      case 'BINBYTES8':
      case 'BYTEARRAY8':
      case 'BINUNICODE':
      case 'SHORT_BINUNICODE':
      case 'BINUNICODE8':
        stack.push(argument);
        return;
      case 'EMPTY_LIST':
        stack.push([]);
        return;
      case 'APPEND': {
        const item = pop();
        list(top()).push(item);
        return;
      }
      case 'APPENDS': {
        const items = popMark();
        const target = list(top());
        for (const item of items) target.push(item);
        return;
      }
      case 'LIST':
        stack.push(popMark());
        return;
      case 'EMPTY_TUPLE':
        tuple([]);
        return;
      case 'TUPLE1':
        tuple([pop()]);
        return;
      case 'TUPLE2':
        tuple([pop(), pop()].reverse());
        return;
      case 'TUPLE3':
        tuple([pop(), pop(), pop()].reverse());
        return;
      case 'TUPLE':
        tuple(popMark());
        return;
      case 'EMPTY_DICT':
        stack.push(new Map());
        return;
      case 'DICT': {
        const target = new Map();
        setItems(target, popMark());
        stack.push(target);
        return;
      }
      case 'SETITEM': {
        const value = pop();
        const key = pop();
        setItems(top(), [key, value]);
        return;
      }
      case 'SETITEMS': {
        const items = popMark();
        setItems(top(), items);
        return;
      }
      case 'EMPTY_SET':
        stack.push(new Set());
        return;
      case 'ADDITEMS': {
        const items = popMark();
        const target = top();
        const set = target instanceof Set ? target : fail('its pickle adds items to what is no set');
        for (const item of items) set.add(item);
        return;
      }
      case 'FROZENSET':
        stack.push(new Set(popMark()));
        return;
      case 'BINGET':
      case 'LONG_BINGET':
        if (!memo.has(argument as number)) fail(`its pickle refers to value ${argument}, which it has not`);
        stack.push(memo.get(argument as number));
        return;
      case 'BINPUT':
      case 'LONG_BINPUT':
        memo.set(argument as number, top());
        return;
      case 'MEMOIZE':
        memo.set(memo.size, top());
        return;
      case 'GLOBAL': {
        const [module, ...rest] = (argument as string).split(' ');
        stack.push(find(module, rest.join(' ')));
        return;
      }
      case 'STACK_GLOBAL': {
        const member = pop();
        stack.push(find(pop(), member));
        return;
      }
      case 'REDUCE':
      case 'NEWOBJ': {
        const args = pop();
        stack.push(call(pop(), args));
        return;
      }
      case 'BUILD': {
        const state = pop();
        build(top(), state);
        return;
      }
      case 'BINPERSID':
        stack.push(options.persistent ? options.persistent(pop()) : fail('its pickle refers to data outside itself'));
        return;
    }
  };

  if (bytes[start] !== 0x80) fail(`has no pickle of protocol 2 to 5 at byte ${start}`);
  for (;;) {
    const instruction = reader.next();
    spend(1);
    execute(instruction);
    if (instruction.name === 'STOP') return { value: pop(), end: reader.position() };
  }
}

/** The byte after the pickle at `start`, or undefined where `bytes` end before it. */
export function pickleEnd(bytes: Uint8Array, start: number, fail: Fail): number | undefined {
  const truncated = Symbol('truncated');
  const reader = instructions(bytes, start, fail, () => {
    throw truncated;
  });
  try {
    for (let steps = 0; steps < maxSteps; steps++) if (reader.next().name === 'STOP') return reader.position();
  } catch (error) {
    if (error === truncated) return undefined;
    throw error;
  }
  return fail(`its pickle takes more than ${maxSteps} steps`);
}

/** Names are shorter; longer ones would cost as often as they are referred to. */
const maxTextBytes = 1024;

/** Python 2's str and Python 3's bytes as text, byte by byte (latin1); undefined for what is no text, or no short one. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array && value.length <= maxTextBytes ? String.fromCharCode(...value) : undefined;
}

const isGlobal = (value: unknown): value is PickleGlobal =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'global';

const isStateful = (value: unknown): value is Stateful =>
  typeof value === 'object' && value !== null && setState in value;
