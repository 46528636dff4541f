// A finished graph as ONNX bytes. Constants that live in a file are referenced where they lie (external data), so a graph
// over a 300 MB checkpoint is a few kilobytes and its weights stay memory-mapped.
import { InternalError } from '../base/errors.ts';
import { bytesOf, type DType, type Shape, showShape, type Tensor } from '../base/tensor.ts';
import { onnx, onnxDType } from '../formats/onnx/proto.ts';
import { type Graph, isFileSlice, reachable } from './graph.ts';
import type { OnnxNode, TensorType, Value } from './types.ts';

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
  type: { tensorType: { elemType: onnxDType[dtype], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
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
export function exportGraph(graph: Graph): GraphModel {
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

  const nodes: object[] = [];
  let temporaries = 0;
  for (const node of reachable(graph.outputs.values())) {
    node.inputs.forEach(addConstant);
    const emitted = node.op.emit({
      inputs: node.inputs.map(nameOf),
      outputs: node.outputs.map(nameOf),
      inputTypes: node.inputs,
      outputTypes: node.outputs,
      attributes: node.attributes,
      literal: (tensor) => {
        const literal = graph.literal(tensor);
        addConstant(literal);
        return nameOf(literal);
      },
      temporary: () => `t${temporaries++}`,
    });
    for (const { opType, domain = '', inputs, outputs, ...rest } of emitted)
      nodes.push({
        opType,
        domain,
        name: `${node.op.name}_${nodes.length}`,
        input: inputs,
        output: outputs,
        attribute: attributesOf({ opType, inputs, outputs, ...rest }),
      });
  }

  // An output has a name of its own, also where it is an input or shared by two outputs.
  for (const [name, value] of graph.outputs) {
    addConstant(value);
    nodes.push({ opType: 'Identity', name: `output_${name}`, input: [nameOf(value)], output: [name] });
  }

  const model = onnx.ModelProto.create({
    irVersion,
    producerName: 'vitune',
    opsetImport: [
      { domain: '', version: opset },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: 'vitune',
      node: nodes,
      initializer: [...initializers.values()],
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
