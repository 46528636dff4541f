// Globals of NumPy in pickles: arrays, their types, and scalars (numpy/_core/src/multiarray: array_reduce, scalar_reduce,
// descriptor pickles). CIFAR's batches and training checkpoints hold them.
import { bytesPerElement, type Shape, showShape, sizeOf, type Tensor } from '../../base/tensor.ts';
import { quoted } from '../byte-source.ts';
import { columnMajor, gather, isShape, rowMajor } from '../elements.ts';
import { widen } from '../half.ts';
import { type Call, type PickleGlobal, type Stateful, setState, textOf } from '../pickle/machine.ts';
import { globalOf } from '../pickle/python-globals.ts';
import { type ElementType, elementType } from './dtype.ts';

/** A type as pickles build it: a name, then its byte order. */
interface NumpyType extends Stateful {
  readonly kind: 'numpy.dtype';
  readonly name: string;
  order: string;
}

/** An array, empty until its state came. */
export interface NumpyArray extends Stateful {
  readonly kind: 'numpy.ndarray';
  contents?: {
    readonly type: ElementType;
    readonly shape: Shape;
    readonly fortran: boolean;
    readonly bytes: Uint8Array;
  };
}

export function isNumpyArray(value: unknown): value is NumpyArray {
  return typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'numpy.ndarray';
}

/** The array as a tensor; the bytes are shared where they lie as needed. Undefined where its state never came. */
export function tensorOfArray({ contents }: NumpyArray): Tensor | undefined {
  if (!contents) return undefined;
  const { type, shape, fortran, bytes } = contents;
  return gather(bytes, { ...type, shape, strides: (fortran ? columnMajor : rowMajor)(shape) });
}

function makeType([name]: readonly unknown[], { fail }: Call): NumpyType {
  const text = textOf(name);
  if (text === undefined || text.length > 32) return fail('its pickle has a NumPy type without a name');
  return {
    kind: 'numpy.dtype',
    name: text,
    order: '|',
    [setState](state, context) {
      // (version, byte order, subtype, names, fields, size, alignment, flags)
      const order = Array.isArray(state) ? textOf(state[1]) : undefined;
      if (order === undefined || !/^[<>|=]$/.test(order))
        return context.fail('its pickle has a NumPy type of no order');
      this.order = order;
    },
  };
}

function typeOf(value: unknown, { fail }: Call): ElementType {
  const type = value as NumpyType | null;
  if (typeof type !== 'object' || type?.kind !== 'numpy.dtype') return fail('its pickle has an array without a type');
  const found = elementType(type.order + type.name);
  return found ?? fail(`its pickle has an array of NumPy type ${quoted(type.name)}; numbers are read, objects never`);
}

function contentsOf(
  shape: unknown,
  dtype: unknown,
  fortran: unknown,
  raw: unknown,
  context: Call,
): NonNullable<NumpyArray['contents']> {
  const { fail } = context;
  const type = typeOf(dtype, context);
  if (!isShape(shape)) return fail('its pickle has an array without a shape');
  if (!(raw instanceof Uint8Array)) return fail('its pickle has an array without bytes');
  const needed = sizeOf(shape) * bytesPerElement[type.dtype];
  if (raw.length !== needed)
    return fail(`its pickle has an array ${showShape(shape)} of ${type.dtype} in ${raw.length} bytes, not ${needed}`);
  return { type, shape, fortran: fortran === true, bytes: raw };
}

function makeArray(contents?: NumpyArray['contents']): NumpyArray {
  return {
    kind: 'numpy.ndarray',
    ...(contents && { contents }),
    [setState](state, context) {
      // (version, shape, type, Fortran order, bytes)
      if (!Array.isArray(state) || state.length !== 5) return context.fail('its pickle has an array without contents');
      this.contents = contentsOf(state[1], state[2], state[3], state[4], context);
    },
  };
}

/** `scalar(type, bytes)`: a plain number, bigint or boolean. */
function makeScalar([dtype, raw]: readonly unknown[], context: Call): unknown {
  const contents = contentsOf([], dtype, false, raw, context);
  const tensor = tensorOfArray(makeArray(contents))!;
  if (tensor.dtype === 'float16' || tensor.dtype === 'bfloat16') return widen(tensor).data[0];
  return tensor.dtype === 'bool' ? tensor.data[0] !== 0 : tensor.data[0];
}

/** `_frombuffer(bytes, type, shape, order)`: protocol 5's way. */
function fromBuffer([raw, dtype, shape, order]: readonly unknown[], context: Call): NumpyArray {
  return makeArray(contentsOf(shape, dtype, textOf(order) === 'F', raw, context));
}

export const numpyGlobals: readonly (readonly [string, PickleGlobal])[] = [
  globalOf('numpy.dtype', makeType),
  globalOf('numpy.ndarray'),
  // NumPy 2 moved its core.
  ...['numpy.core', 'numpy._core'].flatMap((core) => [
    globalOf(`${core}.multiarray._reconstruct`, () => makeArray()),
    globalOf(`${core}.multiarray.scalar`, makeScalar),
    globalOf(`${core}.numeric._frombuffer`, fromBuffer),
  ]),
];
