// A finished graph as ONNX bytes. Constants that live in a file are referenced where they lie (external data), so a graph
// over a 300 MB checkpoint is a few kilobytes and its weights stay memory-mapped.
import { bytesOf, type DType, int64, type Shape, showShape, type Tensor } from '../base/tensor.ts';
import { onnx, onnxDType } from '../formats/onnx/proto.ts';
import { commonFolder, placeBelow } from './external-data.ts';
import { type Graph, isFileSlice, reachable } from './graph.ts';
import { anyBatch, batchAxis, openShapes } from './open-batch.ts';
import { castOp } from './ops/elementwise.ts';
import { portable } from './portable.ts';
import type { FrozenProduct, Quantizer } from './quantize.ts';
import type { OnnxNode, Stored, TensorType, Value } from './types.ts';

export interface ExportOptions {
  /**
   * For other runtimes: ONNX's own operators only, and any number of pictures. The graph is built for `anyBatch` pictures
   * (open-batch.ts), and its first input has them on its first axis.
   */
  readonly portable?: boolean;
  /** Writes products with frozen weights in another form. */
  readonly quantize?: Quantizer;
}

/** A graph that a runtime can run. */
export interface GraphModel {
  /** A serialised ONNX ModelProto. */
  readonly bytes: Uint8Array;
  /** The folder in which, or below which, the files of external constants lie, where there are any. */
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

/** A constant as ONNX has it: its bytes, or the place below `folder` where they lie. */
function initializer(name: string, { dtype, shape, data }: Stored, folder: string | undefined) {
  const type = { name, dims: [...shape], dataType: onnxDType[dtype] };
  if (!isFileSlice(data)) return { ...type, rawData: bytesOf(data) };
  return {
    ...type,
    dataLocation: 1,
    externalData: [
      { key: 'location', value: placeBelow(folder!, data) },
      { key: 'offset', value: String(data.offset) },
      { key: 'length', value: String(data.byteLength) },
    ],
  };
}

function attributesOf({ ints = {}, floats = {}, strings = {} }: OnnxNode) {
  return [
    ...Object.entries(ints).map(([name, value]) =>
      typeof value === 'number' ? { name, type: 2, i: value } : { name, type: 7, ints: [...value] },
    ),
    ...Object.entries(floats).map(([name, f]) => ({ name, type: 1, f })),
    ...Object.entries(strings).map(([name, text]) => ({ name, type: 3, s: new TextEncoder().encode(text) })),
  ];
}

/** The constant that a value is, as it is stored: a cast of one in half precision is that constant. */
function frozen({ dtype, shape, origin }: Value): FrozenProduct['weight'] | undefined {
  switch (origin.kind) {
    case 'constant':
      return { name: origin.name, dtype, shape, data: origin.data };
    case 'node':
      return origin.node.op.name === castOp.name ? frozen(origin.node.inputs[0]!) : undefined;
    case 'input':
      return undefined;
  }
}

/** The nodes without those whose results nobody reads. */
function withoutDead(nodes: readonly OnnxNode[], outputs: Iterable<string>): OnnxNode[] {
  const read = new Set(outputs);
  const live: OnnxNode[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => read.has(name))) continue;
    for (const name of node.inputs) read.add(name);
    live.push(node);
  }
  return live.reverse();
}

/** Serialises what the graph's outputs need. Throws InternalError where its constants' files share no folder. */
export function exportGraph(graph: Graph, options: ExportOptions = {}): GraphModel {
  // What a node makes for an output it makes under the output's name: a copy of each new weight and moment is 1 to 2 % of a full step.
  const names = new Map<Value, string>();
  for (const [name, value] of graph.outputs)
    if (value.origin.kind === 'node' && !names.has(value)) names.set(value, name);
  const nameOf = (value: Value): string => {
    const { origin } = value;
    if (origin.kind !== 'node') return origin.name;
    const known = names.get(value);
    if (known) return known;
    const name = `v${value.id}`;
    names.set(value, name);
    return name;
  };

  const constants = new Map<string, Stored>();
  const constant = (name: string, stored: Stored) => {
    if (!constants.has(name)) constants.set(name, stored);
    return name;
  };
  const addConstant = ({ dtype, shape, origin }: Value) => {
    if (origin.kind === 'constant') constant(origin.name, { dtype, shape, data: origin.data });
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

  /** A product with a frozen weight in the form that was asked for, where one was. */
  const quantized = ([x, factor]: readonly Value[], node: OnnxNode): readonly OnnxNode[] | undefined => {
    const origin = factor && frozen(factor);
    const { transA = 0 } = node.ints ?? {};
    if (!options.quantize || !origin || node.opType !== 'Gemm' || transA || (node.floats?.alpha ?? 1) !== 1)
      return undefined;
    return options.quantize({ node, rows: x!.shape[0]!, weight: origin }, { literal, constant, temporary });
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
      nodes.push(...(quantized(node.inputs, one) ?? (options.portable ? portable(one, lowering) : [one])));
  }

  // Copies are left for what is no node's result, or two outputs'.
  for (const [name, value] of graph.outputs) {
    addConstant(value);
    if (nameOf(value) === name && value.origin.kind === 'node') continue;
    nodes.push({ opType: 'Identity', inputs: [nameOf(value)], outputs: [name] });
  }

  // A quantised weight's own values are left out, unless something else reads them.
  const live = withoutDead(nodes, graph.outputs.keys());
  const used = new Set(live.flatMap(({ inputs }) => inputs));
  const initializers = [...constants].filter(([name]) => used.has(name));
  const folder = commonFolder(initializers.flatMap(([, { data }]) => (isFileSlice(data) ? [data.folder] : [])));
  const model = onnx.ModelProto.create({
    irVersion,
    producerName: 'vitune',
    opsetImport: [
      { domain: '', version: opset },
      ...(options.portable ? [] : [{ domain: 'com.microsoft', version: 1 }]),
    ],
    graph: {
      name: 'vitune',
      node: live.map((node, i) => ({
        opType: node.opType,
        domain: node.domain ?? '',
        name: `${node.opType}_${i}`,
        input: [...node.inputs],
        output: [...node.outputs],
        attribute: attributesOf(node),
      })),
      initializer: initializers.map(([name, stored]) => initializer(name, stored, folder)),
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
