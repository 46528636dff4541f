// The weights of an ONNX export under the names that its library gave them. Exporters keep the names of biases, norms and
// convolutions, but fold the transpose of a linear layer's matrix into it and lose its name: its place in the graph tells it.
import { CheckpointError } from '../base/errors.ts';
import { float32, type Tensor } from '../base/tensor.ts';
import { widen } from '../formats/half.ts';
import type { OnnxGraph, OnnxNodeRecord } from '../formats/onnx/graph.ts';
import { permuted } from './families/arrangement.ts';
import type { StoredTensor, TensorSource } from './tensor-source.ts';

/** Operators whose weights are no longer those of the network, and why. */
const lossy: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:MatMulInteger|ConvInteger|DynamicQuantizeLinear|QuantizeLinear|DequantizeLinear|QLinear\w+|QGemm|MatMulNBits|GatherBlockQuantized|DynamicQuantizeMatMul|MatMulIntegerToFloat)$/,
    'is quantised, and its rounding can not be undone; give model.onnx or model_fp16.onnx',
  ],
  [
    /^(?:Attention|QAttention|MultiHeadAttention|SkipLayerNormalization|EmbedLayerNormalization)$/,
    'was fused by an optimiser; give the export itself',
  ],
];

/** What precedes `embeddings.` in the names of transformers' own models. */
const towers = new Set(['vit', 'deit', 'dinov2', 'dinov2_with_registers', 'vision_model']);

/** The source's tensors by the library's names, its matrices as (out, in). Throws CheckpointError for quantised files. */
export function namedOnnxTensors(source: TensorSource, graph: OnnxGraph): TensorSource {
  for (const { opType } of graph.nodes) {
    const reason = lossy.find(([pattern]) => pattern.test(opType))?.[1];
    if (reason) throw new CheckpointError(`${source.path}: ${reason} (operator ${opType})`);
  }
  const matrices = matrixNames(source, graph);
  const wrapper = wrapperOf([...source.tensors.keys()]);
  const tensors = new Map<string, StoredTensor>();
  const positions = cutPositions(source, graph);
  if (positions) tensors.set(positions.name.slice(wrapper.length), positions.whole);
  for (const [name, tensor] of source.tensors) {
    if (positions?.parts.includes(name)) continue;
    const matrix = matrices.get(name);
    if (!matrix && !isWeight(name, tensor)) continue;
    const bare = matrix?.name ?? name;
    const own = bare.startsWith(wrapper) ? bare.slice(wrapper.length) : bare;
    if (tensors.has(own)) throw new CheckpointError(`${source.path}: two of its tensors stand for ${own}`);
    tensors.set(own, matrix?.transposed ? transposed(tensor) : tensor);
  }
  return { ...source, tensors };
}

/**
 * Constants of the computation are no weights: scalars, shapes, masks. A nameless matrix is one, for the network must have a
 * place for it.
 */
function isWeight(name: string, { dtype, shape }: StoredTensor): boolean {
  if (!/^(?:b?float(?:16|32|64))$/.test(dtype)) return false;
  const named = name.includes('.') && !/^(?:onnx::|\/)/.test(name);
  return named || shape.filter((side) => side > 1).length > 1;
}

interface MatrixName {
  readonly name: string;
  readonly transposed: boolean;
}

/** The second factors of matrix products: named like the bias that is added next, or like the module of the node. */
function matrixNames({ tensors }: TensorSource, graph: OnnxGraph): ReadonlyMap<string, MatrixName> {
  const readers = new Map<string, OnnxNodeRecord[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const biasOf = (node: OnnxNodeRecord): string | undefined => {
    if (node.opType === 'Gemm') return node.inputs[2];
    const next = (readers.get(node.outputs[0] ?? '') ?? []).filter(({ opType }) => opType === 'Add');
    return next.flatMap(({ inputs }) => inputs).find((input) => tensors.has(input) && input.endsWith('.bias'));
  };
  const found = new Map<string, MatrixName>();
  for (const node of graph.nodes) {
    if (node.opType !== 'MatMul' && node.opType !== 'Gemm') continue;
    const weight = node.inputs[1] ?? '';
    if (tensors.get(weight)?.shape.length !== 2) continue;
    const bias = biasOf(node);
    const name = /\.weight$/.test(weight)
      ? weight
      : bias?.endsWith('.bias')
        ? bias.replace(/bias$/, 'weight')
        : moduleOf(node);
    if (name !== undefined) found.set(weight, { name, transposed: node.attributes.get('transB') !== 1 });
  }
  return found;
}

/** `/vision_model/encoder/layers.0/self_attn/q_proj/MatMul` -> `vision_model.encoder.layers.0.self_attn.q_proj.weight`. */
function moduleOf({ name }: OnnxNodeRecord): string | undefined {
  const path = /^\/(.+)\/(?:MatMul|Gemm)(?:_\d+)?$/.exec(name)?.[1];
  return path === undefined ? undefined : `${path.replaceAll('/', '.')}.weight`;
}

/**
 * The position embedding of a network that resizes it in the graph (DINOv2): cut into the rows of the class token, which are
 * concatenated before the tokens, and those of the patches, which are reshaped to a grid first.
 */
function cutPositions({ tensors }: TensorSource, graph: OnnxGraph) {
  const nameless = (name: string | undefined) =>
    name?.startsWith('onnx::') && tensors.get(name)?.shape.length === 3 ? name : undefined;
  const ofType = (type: string) => graph.nodes.filter(({ opType }) => opType === type);
  const grid = ofType('Reshape').find(({ inputs }) => nameless(inputs[0]))?.inputs[0];
  const first = ofType('Concat').find(({ inputs }) => nameless(inputs[0]) && inputs[0] !== grid)?.inputs[0];
  const token = [...tensors.keys()].find((name) => name.endsWith('embeddings.cls_token'));
  if (grid === undefined || first === undefined || token === undefined) return undefined;
  const [before, patches] = [tensors.get(first)!, tensors.get(grid)!];
  const whole: StoredTensor = {
    dtype: 'float32',
    shape: [1, before.shape[1]! + patches.shape[1]!, patches.shape[2]!],
    async load() {
      const [a, b] = [widen(await before.load()), widen(await patches.load())];
      const data = new Float32Array(a.data.length + b.data.length);
      data.set(a.data);
      data.set(b.data, a.data.length);
      return float32([1, a.shape[1]! + b.shape[1]!, b.shape[2]!], data);
    },
  };
  return { name: token.replace(/cls_token$/, 'position_embeddings'), parts: [first, grid], whole };
}

/** What a module around the network puts before all names: `model.` of `model.vit.embeddings.cls_token`. */
function wrapperOf(names: readonly string[]): string {
  const before = names
    .map((name) => /^(.*?)embeddings\.patch_embeddings?\b/.exec(name)?.[1])
    .find((prefix) => prefix !== undefined);
  const parts = (before ?? '').split('.').slice(0, -1);
  const own = towers.has(parts.at(-1) ?? '') ? parts.slice(0, -1) : parts;
  return own.map((part) => `${part}.`).join('');
}

const transposed = ({ shape, load }: StoredTensor): StoredTensor => ({
  dtype: 'float32',
  shape: shape.toReversed(),
  load: async (): Promise<Tensor> => permuted(widen(await load()), [1, 0]),
});
