// A run as a repository that transformers.js loads: config.json, preprocessor_config.json and one inference model in onnx/.
// Methods that can be merged are; the others stay in the graph as they are. Precisions: model.onnx in float32;
// model_fp16.onnx keeps matrices as float16 and computes in float32, because half the file is what it is for, and operators
// in half precision are missing or slow on CPUs and in WebAssembly; model_quantized.onnx has the layers of the blocks in
// whole numbers (graph/quantize-inference.ts).
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { RunError } from '../base/errors.ts';
import { bytesOf, type Tensor } from '../base/tensor.ts';
import { narrow } from '../formats/half.ts';
import type { GraphModel } from '../graph/export.ts';
import { dynamicQuantization } from '../graph/quantize-inference.ts';
import { backboneParameters, blockMatrices, type VitConfig } from '../model/config.ts';
import { canMerge } from '../model/sites.ts';
import type { Weight, Weights } from '../model/weights.ts';
import type { Runtime } from '../runtime/session.ts';
import { inferenceGraph, type Tuning } from '../train/graphs.ts';
import type { Loaded } from '../train/host.ts';
import { mergedBackbone } from '../train/merge.ts';
import { writeJson } from '../train/run-folder.ts';
import type { tolerances } from './certificate.ts';
import { type HuggingFaceClass, huggingFaceConfig, huggingFacePreprocessing } from './hugging-face-config.ts';

export type Precision = keyof typeof tolerances;

export const onnxFiles: Readonly<Record<Precision, string>> = {
  float32: 'model.onnx',
  float16: 'model_fp16.onnx',
  int8: 'model_quantized.onnx',
};

/** A protobuf message has less than 2 GiB; beyond this weights lie in a file beside the model. */
const largestInside = 2 ** 31 - 2 ** 27;

export interface OnnxOptions {
  readonly precisions: readonly Precision[];
  /** Bytes of weights that a model file may hold; left out = as many as ONNX allows. */
  readonly largestInside?: number;
}

interface Network {
  readonly tuning: Tuning;
  readonly values: Loaded['tensors'];
}

/** The network without what can be merged into its weights. */
async function simplest(runtime: Runtime, { tuning, trained, tensors }: Loaded): Promise<Network> {
  const merges = tuning.methods.every(
    ({ method, options }) => !method.at || canMerge(method.at(options, tuning.config)),
  );
  if (!merges) return { tuning, values: tensors };
  const { config, weights } = await mergedBackbone(runtime, tuning, trained, tensors);
  return { tuning: { ...tuning, config, weights, methods: [] }, values: tensors };
}

/** Weights where a graph for others finds them: in memory, or in a file of their own beside the model. */
async function placed(
  { config, weights }: { readonly config: VitConfig; readonly weights: Weights },
  precision: Precision,
  beside: { readonly folder: string; readonly file: string } | undefined,
): Promise<Weights> {
  const table = new Map<string, Weight>();
  const handle = beside && (await open(join(beside.folder, beside.file), 'w'));
  let offset = 0;
  try {
    for (const { name } of backboneParameters(config)) {
      const whole = await weights.read(name);
      const matrix = whole.shape.length > 1 && precision === 'float16';
      if (matrix && whole.data.some((x) => Math.abs(x) > 65_504))
        throw new RunError(`export: ${name} has numbers beyond float16's range; export without --fp16`);
      const tensor: Tensor = matrix ? narrow(whole) : whole;
      const { dtype, shape } = tensor;
      if (!handle) table.set(name, { dtype, shape, data: tensor });
      else {
        const bytes = bytesOf(tensor);
        await handle.writeFile(bytes);
        table.set(name, { dtype, shape, data: { ...beside, offset, byteLength: bytes.length } });
        offset += bytes.length;
      }
    }
  } finally {
    await handle?.close();
  }
  return { ...weights, get: (name) => table.get(name)! };
}

/** transformers.js runs any graph under these names; what it reads of the config are the classes. */
function nearestClass({ family, layerScale, registers }: VitConfig): HuggingFaceClass {
  if (family.startsWith('dinov2') && layerScale)
    return registers > 0
      ? { modelType: 'dinov2_with_registers', architecture: 'Dinov2WithRegistersForImageClassification' }
      : { modelType: 'dinov2', architecture: 'Dinov2ForImageClassification' };
  return family === 'deit'
    ? { modelType: 'deit', architecture: 'DeiTForImageClassification' }
    : { modelType: 'vit', architecture: 'ViTForImageClassification' };
}

export interface WrittenModel {
  readonly file: string;
  readonly precision: Precision;
  readonly model: GraphModel;
}

/** Writes the repository; gives the models to be checked. Throws RunError. */
export async function writeOnnx(
  folder: string,
  runtime: Runtime,
  loaded: Loaded,
  options: OnnxOptions,
): Promise<readonly WrittenModel[]> {
  const { tuning, values } = await simplest(runtime, loaded);
  const onnxFolder = join(folder, 'onnx');
  await mkdir(onnxFolder, { recursive: true });
  const parameters = backboneParameters(tuning.config);
  const bytes = 4 * parameters.reduce((n, { shape }) => n + shape.reduce((a, b) => a * b, 1), 0);
  const layers = new Set(blockMatrices(tuning.config).map(({ name }) => name));
  const written: WrittenModel[] = [];
  const external: Record<string, number> = {};
  for (const precision of options.precisions) {
    const file = onnxFiles[precision];
    const size = precision === 'float32' ? bytes : precision === 'float16' ? bytes / 2 : bytes / 4;
    const outside = size > (options.largestInside ?? largestInside);
    if (outside && precision === 'int8')
      throw new RunError('export: this backbone is too large to be quantised; export without --int8');
    if (outside) external[file] = 1;
    const weights = await placed(tuning, precision, outside ? { folder: onnxFolder, file: `${file}_data` } : undefined);
    const quantize = precision === 'int8' ? { quantize: dynamicQuantization((name) => layers.has(name)) } : {};
    const model = inferenceGraph({ ...tuning, weights }, values, quantize);
    await writeFile(join(onnxFolder, file), model.bytes);
    written.push({ file: `onnx/${file}`, precision, model });
  }
  const config = huggingFaceConfig(tuning.config, nearestClass(tuning.config), loaded.config.classes);
  await writeJson(join(folder, 'config.json'), {
    ...config,
    ...(Object.keys(external).length > 0 ? { 'transformers.js_config': { use_external_data_format: external } } : {}),
  });
  await writeJson(join(folder, 'preprocessor_config.json'), huggingFacePreprocessing(loaded.config.preprocessing));
  return written;
}
