// Reads an ONNX file: its initialisers and constants as tensors, and its nodes. Nothing is run, and files that it refers to
// must lie beside it.

import { messageOf } from '../../base/errors.ts';
import { arrays, bytesPerElement, type DType, type Shape, showShape, sizeOf } from '../../base/tensor.ts';
import { type ByteSource, checkRange, failOf, quoted } from '../byte-source.ts';
import { isShape, tensorFrom } from '../elements.ts';
import { openSibling, type Siblings } from '../siblings.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import type { TensorSet } from '../tensor-set.ts';
import type { OnnxAttribute, OnnxNodeRecord } from './graph.ts';
import { onnx, onnxDType } from './proto.ts';
import { structureBytes } from './wire.ts';

/** Protobuf's own limit. */
const maxModelBytes = 2 ** 31 - 1;
/** Nodes, names and shapes of a ViT with 40 blocks take 400 kB. */
const maxStructureBytes = 1 << 22;

type TensorProto = InstanceType<typeof onnx.TensorProto>;
type AttributeProto = InstanceType<typeof onnx.AttributeProto>;

const dtypes = new Map(Object.entries(onnxDType).map(([dtype, code]) => [code, dtype as DType]));

/** Rejects with CheckpointError. */
export async function readOnnx(source: ByteSource, siblings: Siblings): Promise<TensorSet> {
  const fail = failOf(source);
  if (source.size > maxModelBytes) return fail(`is ${source.size} bytes long; ONNX files end at 2 GB`);
  const bytes = await source.read(0, source.size);
  const structure = structureBytes(bytes, fail);
  if (structure > maxStructureBytes)
    return fail(`has ${structure} bytes of nodes and names; no vision transformer needs over ${maxStructureBytes}`);
  let model: InstanceType<typeof onnx.ModelProto>;
  try {
    model = onnx.ModelProto.decode(bytes);
  } catch (cause) {
    return fail(`is no ONNX model: ${messageOf(cause)}`);
  }
  const { graph } = model;
  if (!graph) return fail('is no ONNX model: it has no graph');

  const read = tensorReader(source, bytes.byteOffset, siblings);
  const tensors = new Map<string, StoredTensor>();
  const add = (name: string, tensor: StoredTensor) => {
    if (tensors.has(name)) fail(`has two tensors ${quoted(name)}`);
    tensors.set(name, tensor);
  };
  for (const proto of graph.initializer ?? []) add(proto.name ?? '', await read(proto as TensorProto));
  const initialisers = new Set(tensors.keys());

  const nodes: OnnxNodeRecord[] = [];
  for (const node of graph.node ?? []) {
    const attributes = new Map<string, OnnxAttribute>();
    for (const attribute of node.attribute ?? []) {
      const value = await attributeValue(attribute as AttributeProto, read);
      if (value !== undefined) attributes.set(attribute.name ?? '', value);
    }
    const { opType, domain, name } = node;
    const [inputs, outputs] = [node.input ?? [], node.output ?? []];
    nodes.push({ opType: opType ?? '', domain: domain ?? '', name: name ?? '', inputs, outputs, attributes });
    const constant = opType === 'Constant' ? attributes.get('value') : undefined;
    if (isStored(constant) && outputs[0] !== undefined) add(outputs[0], constant);
  }
  return {
    format: 'onnx',
    tensors,
    metadata: Object.fromEntries((model.metadataProps ?? []).map(({ key, value }) => [key ?? '', value ?? ''])),
    graph: {
      nodes,
      inputs: (graph.input ?? []).map(({ name }) => name ?? '').filter((name) => !initialisers.has(name)),
      outputs: (graph.output ?? []).map(({ name }) => name ?? ''),
      opsets: new Map((model.opsetImport ?? []).map(({ domain, version }) => [domain ?? '', Number(version)])),
    },
  };
}

const isStored = (value: OnnxAttribute | undefined): value is StoredTensor =>
  typeof value === 'object' && 'load' in value;

type ReadTensor = (proto: TensorProto) => Promise<StoredTensor>;

async function attributeValue(proto: AttributeProto, read: ReadTensor): Promise<OnnxAttribute | undefined> {
  const text = new TextDecoder();
  switch (proto.type) {
    case 1:
      return proto.f;
    case 2:
      return Number(proto.i);
    case 3:
      return text.decode(proto.s);
    case 4:
      return proto.t ? read(proto.t as TensorProto) : undefined;
    case 6:
      return proto.floats;
    case 7:
      return proto.ints.map(Number);
    case 8:
      return proto.strings.map((bytes) => text.decode(bytes));
    default:
      return undefined; // graphs, types, sparse tensors
  }
}

/**
 * Makes stored tensors of TensorProtos. Decoding makes views of the file's bytes, which lie in their buffer from `origin`
 * on; the bytes themselves are not kept.
 */
function tensorReader(source: ByteSource, origin: number, siblings: Siblings): ReadTensor {
  const opened = new Map<string, ByteSource>();
  return async (proto) => {
    const fail = failOf({ name: `${source.name}: tensor ${quoted(proto.name)}` });
    const dtype = dtypes.get(proto.dataType);
    if (dtype === undefined) return fail(`has ONNX type ${proto.dataType}; numbers of 8 to 64 bits are read`);
    const shape: Shape = proto.dims.map(Number);
    if (!isShape(shape)) return fail(`has shape ${showShape(shape).slice(0, 80)}`);
    const byteLength = sizeOf(shape) * bytesPerElement[dtype];

    const lying = (where: ByteSource, offset: number): StoredTensor => {
      const load = async () => tensorFrom({ dtype, shape }, await where.read(offset, byteLength));
      return byteLength === 0
        ? { dtype, shape, load }
        : { dtype, shape, load, place: { source: where, offset, byteLength } };
    };

    if (proto.dataLocation === 1) {
      const entries = new Map((proto.externalData ?? []).map(({ key, value }) => [key ?? '', value ?? '']));
      const location = entries.get('location') ?? '';
      const [offset, length] = [entries.get('offset') ?? '0', entries.get('length') ?? String(byteLength)];
      if (!/^\d{1,15}$/.test(offset) || length !== String(byteLength))
        return fail(`lies at ${quoted(offset)} + ${quoted(length)}; ${byteLength} bytes are needed`);
      const file = opened.get(location) ?? (await openSibling(source, siblings, location, 'external data'));
      opened.set(location, file);
      checkRange(file, Number(offset), byteLength);
      return lying(file, Number(offset));
    }
    if (proto.rawData.length > 0 || byteLength === 0) {
      if (proto.rawData.length !== byteLength)
        return fail(`${showShape(shape)} of ${dtype} has ${proto.rawData.length} bytes; ${byteLength} are needed`);
      return lying(source, proto.rawData.byteOffset - origin);
    }
    const numbers = typedNumbers(proto, dtype);
    if (numbers.length !== sizeOf(shape))
      return fail(`${showShape(shape)} has ${numbers.length} numbers; ${sizeOf(shape)} are needed`);
    return { dtype, shape, load: async () => tensorFrom({ dtype, shape }, toBytes(numbers, dtype)) };
  };
}

/** The numbers of a tensor that has no raw bytes: each type has its field. */
function typedNumbers(proto: TensorProto, dtype: DType): readonly unknown[] {
  switch (dtype) {
    case 'float32':
      return proto.floatData;
    case 'float64':
      return proto.doubleData;
    case 'int64':
      return proto.int64Data;
    case 'uint64':
    case 'uint32':
      return proto.uint64Data;
    default:
      return proto.int32Data; // the halves as their bit patterns
  }
}

function toBytes(numbers: readonly unknown[], dtype: DType): Uint8Array {
  const typed =
    dtype === 'int64'
      ? BigInt64Array.from(numbers, (n) => BigInt(String(n)))
      : dtype === 'uint64'
        ? BigUint64Array.from(numbers, (n) => BigInt(String(n)))
        : new arrays[dtype](Array.from(numbers, Number));
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}
