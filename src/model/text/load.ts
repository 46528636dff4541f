// Loads the text tower of a whole CLIP from a folder as transformers stores it: weights stay in their file.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointError, messageOf } from '../../base/errors.ts';
import { sameShape, showShape, type Tensor } from '../../base/tensor.ts';
import { widen } from '../../formats/half.ts';
import { openTensorFile } from '../../formats/tensor-file.ts';
import { findModel } from '../model-file.ts';
import { sourceOf } from '../tensor-source.ts';
import type { Weights } from '../weights.ts';
import { parseTextConfig, type TextConfig, textParameters } from './config.ts';
import { type Tokenize, tokenizerOf } from './tokenizer.ts';

export interface TextTower {
  readonly config: TextConfig;
  readonly tokenize: Tokenize;
  /** By transformers' names. */
  readonly weights: Weights;
  /** SHA-256 of the tokenizer. */
  readonly fingerprint: string;
}

/** Rejects with CheckpointError where `path` holds no text tower, or no tokenizer. */
export async function loadTextTower(path: string): Promise<TextTower> {
  const { folder, json, weights } = await findModel(path);
  if (folder === undefined || json?.model_type !== 'clip' || json.text_config === undefined)
    throw new CheckpointError(
      `model ${path}: has no text tower; zero-shot needs the folder of a whole CLIP (model_type clip), or a file of class embeddings`,
    );
  const config = parseTextConfig(json);
  const text = await readTokenizer(folder, 'tokenizer.json');
  const settings = await readTokenizer(folder, 'tokenizer_config.json');
  const tokenizerPath = join(folder, 'tokenizer.json');
  return {
    config,
    tokenize: tokenizerOf(tokenizerPath, parse(tokenizerPath, text), parse(folder, settings), config),
    weights: await fittedWeights(await weights(), config),
    fingerprint: createHash('sha256').update(text).update(settings).digest('hex'),
  };
}

async function readTokenizer(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (cause) {
    throw new CheckpointError(
      `model ${folder}: has no readable ${name}; AutoTokenizer.from_pretrained(...).save_pretrained(...) writes it`,
      { cause },
    );
  }
}

function parse(path: string, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (cause) {
    throw new CheckpointError(`${path}: the tokenizer is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw new CheckpointError(`${path}: the tokenizer must be a JSON object`);
}

async function fittedWeights(path: string, config: TextConfig): Promise<Weights> {
  const file = sourceOf(await openTensorFile(path));
  const wanted = textParameters(config);
  const lines = [...wanted].flatMap(([name, shape]) => {
    const found = file.tensors.get(name)?.shape;
    if (found && sameShape(found, shape)) return [];
    return [`- ${name} ${showShape(shape)}`, ...(found ? [`+ ${name} ${showShape(found)}`] : [])];
  });
  if (lines.length > 0)
    throw new CheckpointError(`${file.path}: its text tower doesn't fit its config.json (- wanted, + in the file)`, {
      lines,
    });
  const resident = new Map<string, Tensor<'float32'>>();
  for (const name of wanted.keys()) {
    const stored = file.tensors.get(name)!;
    if (!stored.slice) resident.set(name, widen(await stored.load()));
  }
  return {
    get(name) {
      const tensor = resident.get(name);
      if (tensor) return { dtype: 'float32', shape: tensor.shape, data: tensor };
      const { dtype, shape, slice } = file.tensors.get(name)!;
      return { dtype, shape, data: slice! };
    },
    read: async (name) => resident.get(name) ?? widen(await file.tensors.get(name)!.load()),
  };
}
