// Repositories laid out for transformers.js: their float32 weights, read here, give what torch and ONNX Runtime give.
import { join } from 'node:path';
import { loadBackbone } from '../../../src/model/load.ts';
import type { Checker } from '../case.ts';
import { tensorFigure, tolerances } from '../compare.ts';
import { forward } from '../network.ts';
import { readTensors } from '../tensors.ts';
import { subfolders } from './folders.ts';

/** Of the other files in onnx/ (half precision, quantised) only their own runtime can give the numbers. */
const float32Outputs = ['logits_torch', 'logits_onnx_fp32'];

export const exported: Checker = async (folder) =>
  (await subfolders(folder)).map((name) => ({
    name,
    async run() {
      const path = join(folder, name);
      const pictures = (await readTensors(join(path, 'input.safetensors'))).get('pixel_values')!;
      const expected = await readTensors(join(path, 'expected.safetensors'));
      const { output } = await forward(await loadBackbone(path), pictures);
      return float32Outputs.map((key) => tensorFigure(key, output, expected.get(key)!, tolerances.forward));
    },
  }));
