// What a run can be exported to: one record a target. Each writes its files and gives the models to be checked, built from
// the files that it wrote, as their reader reads them.
import { RunError } from '../base/errors.ts';
import type { GraphModel } from '../graph/export.ts';
import { loadBackbone } from '../model/load.ts';
import type { Runtime } from '../runtime/session.ts';
import type { Loaded } from '../train/host.ts';
import { certificateBatch } from './certificate.ts';
import { writeHuggingFace } from './hugging-face.ts';
import { type OnnxOptions, type Precision, writeOnnx } from './onnx.ts';
import { mergedPeft } from './peft/merge.ts';
import { readPeftAdapter } from './peft/read.ts';
import { writePeft } from './peft/write.ts';
import { classifierGraph, plainClassifier } from './plain.ts';
import { writeTimm } from './timm.ts';

/** A model that was written. */
export interface Written {
  /** Inside the folder. */
  readonly file: string;
  readonly precision: Precision;
  /** Takes `pixel_values` (B, 3, H, W), B open or `certificateBatch`; gives `logits`. */
  readonly model: GraphModel;
}

export interface ExportContext {
  readonly folder: string;
  readonly loaded: Loaded;
  readonly runtime: Runtime;
  /** The backbone's folder. */
  readonly base: string;
  readonly onnx: OnnxOptions;
}

export interface ExportTarget {
  readonly name: string;
  /** One line for lists. */
  readonly help: string;
  /** What its numbers may be stored in; the first is always written. */
  readonly precisions: readonly Precision[];
  /** How its files are used, in the language of those who do. */
  readonly usage: { readonly library: string; readonly language: string; readonly code: string };
  /** Throws OptionError where the target has no form for the run. */
  readonly write: (context: ExportContext) => Promise<readonly Written[]>;
}

/** A folder that loads as a backbone with its own classifier. */
async function readBack(folder: string): Promise<readonly Written[]> {
  const { config, head, weights } = await loadBackbone(folder);
  if (!head) throw new RunError(`export: ${folder} was written without a classifier`);
  const model = classifierGraph({ config, head, weights }, certificateBatch);
  return [{ file: 'model.safetensors', precision: 'float32', model }];
}

export const exportTargets: readonly ExportTarget[] = [
  {
    name: 'onnx',
    help: 'an ONNX model, laid out for transformers.js',
    precisions: ['float32', 'float16', 'int8'],
    usage: {
      library: 'transformers.js',
      language: 'js',
      code: "import { pipeline } from '@huggingface/transformers';\n\nconst classify = await pipeline('image-classification', 'FOLDER');\nconsole.log(await classify('picture.jpg'));",
    },
    write: ({ folder, runtime, loaded, onnx }) => writeOnnx(folder, runtime, loaded, onnx),
  },
  {
    name: 'hf',
    help: "weights for transformers' AutoModelForImageClassification",
    precisions: ['float32'],
    usage: {
      library: 'transformers',
      language: 'python',
      code: "from transformers import pipeline\n\nclassify = pipeline('image-classification', 'FOLDER')\nprint(classify('picture.jpg'))",
    },
    async write({ folder, runtime, loaded }) {
      await writeHuggingFace(folder, await plainClassifier(runtime, loaded), loaded.config);
      return await readBack(folder);
    },
  },
  {
    name: 'timm',
    help: "weights for timm's create_model",
    precisions: ['float32'],
    usage: {
      library: 'timm',
      language: 'python',
      code: "import timm\n\nmodel = timm.create_model('local-dir:FOLDER', pretrained=True).eval()",
    },
    async write({ folder, runtime, loaded, base }) {
      await writeTimm(folder, await plainClassifier(runtime, loaded), loaded.config, base);
      return await readBack(folder);
    },
  },
  {
    name: 'peft',
    help: "an adapter for Hugging Face PEFT's PeftModel",
    precisions: ['float32'],
    usage: {
      library: 'peft',
      language: 'python',
      code: "from peft import PeftModel\n\n# base: the backbone, with a new classifier of as many classes\nmodel = PeftModel.from_pretrained(base, 'FOLDER').eval()",
    },
    async write({ folder, loaded, base }) {
      const backbone = await loadBackbone(base);
      await writePeft(folder, loaded, backbone.config);
      const merged = await mergedPeft(await readPeftAdapter(folder, backbone.config), backbone);
      return [
        {
          file: 'adapter_model.safetensors',
          precision: 'float32',
          model: classifierGraph(merged, certificateBatch),
        },
      ];
    },
  },
];
