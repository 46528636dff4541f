// Repositories laid out for transformers.js: their weights - safetensors, and ONNX in single and half precision - read here,
// give what torch and ONNX Runtime give; quantised ones are refused.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CheckpointError } from '../../../src/base/errors.ts';
import { loadBackbone } from '../../../src/model/load.ts';
import type { Checker } from '../case.ts';
import { figure, type Tolerance, tensorFigure, tolerances } from '../compare.ts';
import { forward } from '../network.ts';
import { readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

/** What an export holds, and whose output it must give: half precision is rounded once, in the weights. */
const exports: readonly (readonly [file: string, outputs: readonly string[], tolerance: Tolerance])[] = [
  ['', ['logits_torch', 'logits_onnx_fp32'], tolerances.forward],
  ['onnx/model.onnx', ['logits_torch', 'logits_onnx_fp32'], tolerances.forward],
  ['onnx/model_fp16.onnx', ['logits_onnx_fp16'], tolerances.half],
];
const quantised = ['onnx/model_quantized.onnx', 'onnx/model_int8.onnx', 'onnx/model_q4.onnx'] as const;

export const exported: Checker = async (folder) =>
  (await subfolders(folder)).flatMap((name) => [
    ...exports
      .filter(([file]) => existsSync(join(folder, name, file)))
      .map(([file, outputs, tolerance]) => ({
        name: file === '' ? name : `${name}/${file}`,
        async run() {
          const path = join(folder, name);
          const pictures = (await readTensors(join(path, 'input.safetensors'))).get('pixel_values')!;
          const expected = await readTensors(join(path, 'expected.safetensors'));
          const { output } = await forward(await loadBackbone(join(path, file)), pictures);
          return outputs.map((key) => tensorFigure(key, output, expected.get(key)!, tolerance));
        },
      })),
    ...quantised
      .filter((file) => existsSync(join(folder, name, file)))
      .map((file) => ({
        name: `${name}/${file}`,
        async run() {
          const refused = await loadBackbone(join(folder, name, file)).then(
            () => false,
            (error: unknown) => error instanceof CheckpointError && error.message.includes('quantised'),
          );
          return [figure('refused', [refused ? 1 : 0], [1], { absolute: 0, relative: 0 })];
        },
      })),
  ]);
