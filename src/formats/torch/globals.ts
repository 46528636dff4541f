// Globals of torch in checkpoints (torch/_utils.py: _rebuild_*; torch/serialization.py: persistent_load). A tensor is a
// view of a storage, and a storage is a name: nothing is read here.
import { bytesPerElement, type DType, type Shape, sizeOf } from '../../base/tensor.ts';
import type { Fail } from '../byte-source.ts';
import { extentOf, isShape } from '../elements.ts';
import { type Call, type PickleGlobal, textOf } from '../pickle/machine.ts';
import { globalOf } from '../pickle/python-globals.ts';

/** A run of elements in the file. */
export interface TorchStorage {
  readonly kind: 'torch.storage';
  readonly key: string;
  /** Undefined for an untyped storage, whose elements are bytes. */
  readonly dtype: DType | undefined;
  /** First element within the run that `key` names: 0 but for views of storages in old files. */
  readonly start: number;
  /** Elements. */
  readonly length: number;
}

export interface TorchTensor {
  readonly kind: 'torch.tensor';
  readonly storage: TorchStorage;
  readonly dtype: DType;
  readonly shape: Shape;
  /** Elements. */
  readonly strides: Shape;
  /** First element within the run that the storage's key names. */
  readonly offset: number;
}

const hasKind = (value: unknown, kind: string): boolean =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === kind;

export const isTorchTensor = (value: unknown): value is TorchTensor => hasKind(value, 'torch.tensor');
const isTorchStorage = (value: unknown): value is TorchStorage => hasKind(value, 'torch.storage');
const isName = (value: unknown): value is PickleGlobal => hasKind(value, 'global');

const storageTypes: ReadonlyMap<string, DType | undefined> = new Map<string, DType | undefined>([
  ['torch.DoubleStorage', 'float64'],
  ['torch.FloatStorage', 'float32'],
  ['torch.HalfStorage', 'float16'],
  ['torch.BFloat16Storage', 'bfloat16'],
  ['torch.LongStorage', 'int64'],
  ['torch.IntStorage', 'int32'],
  ['torch.ShortStorage', 'int16'],
  ['torch.CharStorage', 'int8'],
  ['torch.ByteStorage', 'uint8'],
  ['torch.BoolStorage', 'bool'],
  ['torch.UntypedStorage', undefined],
  ['torch.storage.UntypedStorage', undefined],
]);

const elementTypes: ReadonlyMap<string, DType> = new Map<string, DType>([
  ['torch.float64', 'float64'],
  ['torch.float32', 'float32'],
  ['torch.float16', 'float16'],
  ['torch.bfloat16', 'bfloat16'],
  ['torch.int64', 'int64'],
  ['torch.int32', 'int32'],
  ['torch.int16', 'int16'],
  ['torch.int8', 'int8'],
  ['torch.uint64', 'uint64'],
  ['torch.uint32', 'uint32'],
  ['torch.uint16', 'uint16'],
  ['torch.uint8', 'uint8'],
  ['torch.bool', 'bool'],
]);

/** Elements that a view repeats (stride 0) cost nothing in the file; masks of that kind stay far below 16 MB. */
const maxRepeatedBytes = 1 << 24;

const isCount = (n: unknown): n is number => typeof n === 'number' && Number.isSafeInteger(n) && n >= 0;

/** The storage that an external id names: ('storage', type, key, device, elements) and, in old files, a view of it. */
export function storageOf(id: unknown, fail: Fail): TorchStorage {
  if (!Array.isArray(id) || textOf(id[0]) !== 'storage') return fail('its pickle refers to what is no storage');
  const [, type, rawKey, , length, view] = id as readonly unknown[];
  const key = textOf(rawKey);
  if (!isName(type) || !storageTypes.has(type.name)) return fail('its pickle has a storage of unknown type');
  if (key === undefined || key.length > 256) return fail('its pickle has a storage without a name');
  if (!isCount(length)) return fail('its pickle has a storage without a size');
  const storage = { kind: 'torch.storage', key, dtype: storageTypes.get(type.name), start: 0, length } as const;
  if (!Array.isArray(view)) return storage;
  const [, start, size] = view as readonly unknown[];
  if (!isCount(start) || !isCount(size) || start + size > length) return fail('its pickle has a view out of a storage');
  return { ...storage, start, length: size };
}

function tensorOf(
  storage: unknown,
  offset: unknown,
  shape: unknown,
  strides: unknown,
  given: DType | undefined,
  fail: Fail,
): TorchTensor {
  if (!isTorchStorage(storage)) return fail('its pickle has a tensor without a storage');
  const dtype = given ?? storage.dtype;
  if (dtype === undefined) return fail('its pickle has a tensor of unknown type');
  const width = bytesPerElement[dtype];
  const unit = storage.dtype === undefined ? 1 : bytesPerElement[storage.dtype];
  if (!isShape(shape) || !Array.isArray(strides) || strides.length !== shape.length || !strides.every(isCount))
    return fail('its pickle has a tensor without a shape');
  if (!isCount(offset)) return fail('its pickle has a tensor without a place in its storage');
  const room = Math.floor((storage.length * unit) / width);
  const extent = extentOf({ shape, strides });
  if (extent > 0 && offset + extent > room)
    return fail(`its pickle has a tensor of elements ${offset} to ${offset + extent} in a storage of ${room}`);
  if (sizeOf(shape) * width > room * width + maxRepeatedBytes)
    return fail(`its pickle has a tensor of ${sizeOf(shape)} elements in a storage of ${room}`);
  return { kind: 'torch.tensor', storage, dtype, shape, strides, offset: storage.start + offset };
}

function parameter([data]: readonly unknown[], { fail }: Call): TorchTensor {
  return isTorchTensor(data) ? data : fail('its pickle has a parameter that is no tensor');
}

/** `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes, which say nothing of its numbers. */
function fromType([make, , args]: readonly unknown[], context: Call): unknown {
  if (!isName(make) || !make.name.startsWith('torch._utils._rebuild_') || !make.call || !Array.isArray(args))
    return context.fail('its pickle rebuilds a tensor by what is no function for it');
  return make.call(args, context);
}

export const torchGlobals: readonly (readonly [string, PickleGlobal])[] = [
  ...[...storageTypes.keys(), ...elementTypes.keys()].map((name) => globalOf(name)),
  globalOf('torch._utils._rebuild_tensor', ([storage, offset, shape, strides], { fail }) =>
    tensorOf(storage, offset, shape, strides, undefined, fail),
  ),
  globalOf('torch._utils._rebuild_tensor_v2', ([storage, offset, shape, strides], { fail }) =>
    tensorOf(storage, offset, shape, strides, undefined, fail),
  ),
  globalOf('torch._utils._rebuild_tensor_v3', ([storage, offset, shape, strides, , , dtype], { fail }) => {
    const given = isName(dtype) ? elementTypes.get(dtype.name) : undefined;
    return tensorOf(storage, offset, shape, strides, given ?? fail('its pickle has a tensor of unknown type'), fail);
  }),
  globalOf('torch._utils._rebuild_parameter', parameter),
  globalOf('torch._utils._rebuild_parameter_with_state', parameter),
  globalOf('torch._tensor._rebuild_from_type_v2', fromType),
  globalOf('torch.Tensor'),
  globalOf('torch.nn.parameter.Parameter'),
  globalOf('torch.Size', ([sizes], { fail, spend }) => {
    if (!Array.isArray(sizes)) return fail('its pickle has a size that is none');
    spend(sizes.length);
    return Object.freeze([...sizes]);
  }),
  globalOf('torch.device', ([device], { fail }) => textOf(device) ?? fail('its pickle has a device without a name')),
];
