// The graph under construction: typed values, the nodes that make them, and hash-consing, so that asking twice for the
// same computation gives the same value. Nothing here runs; export.ts turns a finished graph into ONNX.
import { InternalError } from '../base/errors.ts';
import { type DType, type Shape, showShape, sizeOf, type Tensor } from '../base/tensor.ts';
import type { Attributes, FileSlice, GraphBuilder, Node, Op, Origin, TensorType, Value } from './types.ts';

export function isFileSlice(data: Tensor | FileSlice): data is FileSlice {
  return 'byteLength' in data;
}

export class Graph implements GraphBuilder {
  readonly inputs = new Map<string, Value>();
  readonly outputs = new Map<string, Value>();
  readonly constants = new Map<string, Value>();
  readonly nodes: Node[] = [];
  private readonly made = new Map<string, Node>();
  private nextId = 0;

  private value(type: TensorType, origin: Origin): Value {
    return { graph: this, id: this.nextId++, dtype: type.dtype, shape: type.shape, origin };
  }

  /** A graph input: fed at every run. Throws InternalError where the name is taken. */
  input(name: string, dtype: DType, shape: Shape): Value {
    if (this.inputs.has(name)) throw new InternalError(`graph: input ${name} exists already`);
    const value = this.value({ dtype, shape }, { kind: 'input', name });
    this.inputs.set(name, value);
    return value;
  }

  /** A named constant, in memory or left in its file. The same name again gives the same value. */
  constant(name: string, type: TensorType, data: Tensor | FileSlice): Value {
    const known = this.constants.get(name);
    if (known) {
      if (known.dtype !== type.dtype || showShape(known.shape) !== showShape(type.shape))
        throw new InternalError(`graph: constant ${name} exists with another type`);
      return known;
    }
    const value = this.value(type, { kind: 'constant', name, data });
    this.constants.set(name, value);
    return value;
  }

  /** A small literal, named by its contents. */
  literal(tensor: Tensor): Value {
    if (sizeOf(tensor.shape) > 4096)
      throw new InternalError('graph: a literal has at most 4096 elements; name the constant');
    return this.constant(
      `${tensor.dtype}${showShape(tensor.shape)}{${Array.from(tensor.data as Iterable<unknown>).join(',')}}`,
      tensor,
      tensor,
    );
  }

  /** Marks a value as an output under `name`. */
  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new InternalError(`graph: output ${name} exists already`);
    this.outputs.set(name, value);
  }

  /** The node of `op` on `inputs`, made now or earlier. */
  apply(op: Op, inputs: readonly Value[], attributes: Attributes): Node {
    for (const input of inputs)
      if (input.graph !== this) throw new InternalError(`${op.name}: its inputs belong to different graphs`);
    const key = `${op.name}(${inputs.map((v) => v.id).join(',')})${JSON.stringify(attributes)}`;
    const known = this.made.get(key);
    if (known) return known;
    const types = op.infer(inputs, attributes);
    const outputs: Value[] = [];
    const node: Node = { op, inputs, attributes, outputs };
    types.forEach((type, index) => {
      outputs.push(this.value(type, { kind: 'node', node, index }));
    });
    this.nodes.push(node);
    this.made.set(key, node);
    return node;
  }
}

/** The nodes that `roots` need, in topological order; dead code is left out. */
export function reachable(roots: Iterable<Value>): Node[] {
  const seen = new Set<Node>();
  const stack = [...roots];
  while (stack.length > 0) {
    const { origin } = stack.pop()!;
    if (origin.kind !== 'node' || seen.has(origin.node)) continue;
    seen.add(origin.node);
    stack.push(...origin.node.inputs);
  }
  return [...seen].sort((a, b) => a.outputs[0]!.id - b.outputs[0]!.id);
}
