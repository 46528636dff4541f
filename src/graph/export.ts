// A finished graph as ONNX bytes. Constants that live in a file are referenced where they lie (external data), so a graph
// over a 300 MB checkpoint is a few kilobytes and its weights stay memory-mapped.
import { InternalError } from '../base/errors.ts';
import { bytesOf, type DType, int64, type Shape, showShape, type Tensor } from '../base/tensor.ts';
import { onnx, onnxDType } from '../formats/onnx/proto.ts';
import { type Graph, isFileSlice, reachable } from './graph.ts';
import { anyBatch, batchAxis, openShapes } from './open-batch.ts';
import { portable } from './portable.ts';
import { quantizedLinear, quantizeWeight } from './quantize.ts';
import type { OnnxNode, TensorType, Value } from './types.ts';

export interface ExportOptions {
  /**
   * For other runtimes: ONNX's own operators only, and any number of pictures. The graph is built for `anyBatch` pictures
   * (open-batch.ts), and its first input has them on its first axis.
   */
  readonly portable?: boolean;
  /** Linear layers whose weight, by name, is to be dynamically quantised; it must lie in memory. */
  readonly quantize?: (weight: string) => boolean;
}

/** A graph that a runtime can run. */
export interface GraphModel {
  /** A serialised ONNX ModelProto. */
  readonly bytes: Uint8Array;
  /** The folder in which the files of external constants lie, where there are any. */
  readonly folder: string | undefined;
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
}

// Opset 20 has Gelu, 18 the reductions with axes as inputs. IR 9 is the first that allows opset 20.
const irVersion = 9;
const opset = 20;

const valueInfo = (name: string, { dtype, shape }: { dtype: DType; shape: Shape }) => ({
  name,
  type: {
    tensorType: {
      elemType: onnxDType[dtype],
      shape: { dim: shape.map((size) => (size === anyBatch ? { dimParam: batchAxis } : { dimValue: size })) },
    },
  },
});

function attributesOf({ ints = {}, floats = {}, strings = {} }: OnnxNode) {
  return [
    ...Object.entries(ints).map(([name, value]) =>
      typeof value === 'number' ? { name, type: 2, i: value } : { name, type: 7, ints: [...value] },
    ),
    ...Object.entries(floats).map(([name, f]) => ({ name, type: 1, f })),
    ...Object.entries(strings).map(([name, text]) => ({ name, type: 3, s: new TextEncoder().encode(text) })),
  ];
}

/** Serialises what the graph's outputs need. Throws InternalError where its constants lie in more than one folder. */
export function exportGraph(graph: Graph, options: ExportOptions = {}): GraphModel {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => {
    const { origin } = value;
    if (origin.kind !== 'node') return origin.name;
    const known = names.get(value);
    if (known) return known;
    const name = `v${value.id}`;
    names.set(value, name);
    return name;
  };

  const initializers = new Map<string, object>();
  let folder: string | undefined;
  const addTensor = (name: string, tensor: Tensor) => {
    initializers.set(name, {
      name,
      dims: [...tensor.shape],
      dataType: onnxDType[tensor.dtype],
      rawData: bytesOf(tensor),
    });
  };
  const addConstant = (value: Value) => {
    if (value.origin.kind !== 'constant' || initializers.has(value.origin.name)) return;
    const { name, data } = value.origin;
    if (!isFileSlice(data)) return addTensor(name, data);
    if (folder !== undefined && folder !== data.folder)
      throw new InternalError(`export: weights lie in ${folder} and in ${data.folder}; a graph takes one folder`);
    folder = data.folder;
    initializers.set(name, {
      name,
      dims: [...value.shape],
      dataType: onnxDType[value.dtype],
      dataLocation: 1,
      externalData: [
        { key: 'location', value: data.file },
        { key: 'offset', value: String(data.offset) },
        { key: 'length', value: String(data.byteLength) },
      ],
    });
  };

  const nodes: OnnxNode[] = [];
  let temporaries = 0;
  const temporary = () => `t${temporaries++}`;
  const literal = (tensor: Tensor) => {
    const value = graph.literal(tensor);
    addConstant(value);
    return nameOf(value);
  };
  const ranks = new Map<string, number>();
  const read = new Set([...graph.outputs.values()].map(nameOf));
  const order = reachable(graph.outputs.values());
  for (const { inputs, outputs } of order) {
    for (const value of [...inputs, ...outputs]) ranks.set(nameOf(value), value.shape.length);
    for (const value of inputs) read.add(nameOf(value));
  }
  const lowering = {
    literal,
    temporary,
    rank: (name: string) => ranks.get(name)!,
    // Intermediate results of one operator are made because they are read.
    isRead: (name: string) => !ranks.has(name) || read.has(name),
  };

  /** The layer in whole numbers, where it is to be quantised. */
  const quantized = (weight: Value | undefined, node: OnnxNode): readonly OnnxNode[] | undefined => {
    const origin = weight?.origin;
    if (node.opType !== 'Gemm' || origin?.kind !== 'constant' || !options.quantize?.(origin.name)) return undefined;
    if (isFileSlice(origin.data) || origin.data.dtype !== 'float32' || node.ints?.transA || !node.ints?.transB)
      throw new InternalError(`export: ${origin.name} can't be quantised`);
    const { values, scales } = quantizeWeight(origin.data as Tensor<'float32'>);
    const names = { values: `${origin.name}.quantized`, scales: `${origin.name}.scales` };
    addTensor(names.values, values);
    addTensor(names.scales, scales);
    return quantizedLinear(node, names, literal, temporary);
  };

  const [firstInput] = graph.inputs.keys();
  const fixedShape = (shape: Shape) => literal(int64([shape.length], shape));
  const shapes = options.portable
    ? openShapes(firstInput!, { literal, temporary, add: (node) => nodes.push(node) })
    : { reshaped: fixedShape, expanded: (_: Shape, shape: Shape) => fixedShape(shape) };
  for (const node of order) {
    node.inputs.forEach(addConstant);
    const emitted = node.op.emit({
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
      inputTypes: node.inputs,
      outputTypes: node.outputs,
      attributes: node.attributes,
      literal,
      ...shapes,
      temporary,
    });
    for (const one of emitted)
      nodes.push(...(quantized(node.inputs[1], one) ?? (options.portable ? portable(one, lowering) : [one])));
  }

  // An output has a name of its own, also where it is an input or shared by two outputs.
  for (const [name, value] of graph.outputs) {
    addConstant(value);
    nodes.push({ opType: 'Identity', inputs: [nameOf(value)], outputs: [name] });
  }

  // A quantised weight's own values are left out, unless something else reads them.
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const model = onnx.ModelProto.create({
    irVersion,
    producerName: 'vitune',
    opsetImport: [
      { domain: '', version: opset },
      ...(options.portable ? [] : [{ domain: 'com.microsoft', version: 1 }]),
    ],
    graph: {
      name: 'vitune',
      node: nodes.map((node, i) => ({
        opType: node.opType,
        domain: node.domain ?? '',
        name: `${node.opType}_${i}`,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: attributesOf(node),
      })),
      initializer: [...initializers].filter(([name]) => used.has(name)).map(([, tensor]) => tensor),
      input: [...graph.inputs].map(([name, value]) => valueInfo(name, value)),
      output: [...graph.outputs].map(([name, value]) => valueInfo(name, value)),
    },
  });
  return {
    bytes: onnx.ModelProto.encode(model).finish(),
    folder,
    inputs: new Map(graph.inputs),
    outputs: new Map(graph.outputs),
  };
}

/** Shape text for messages. */
export const showType = ({ dtype, shape }: TensorType): string => `${dtype}${showShape(shape)}`;
