// Finds what a model consists of: config.json and weights in a folder, or a lone weight file.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CheckpointError, messageOf } from '../base/errors.ts';
import type { ConfigJson } from './families/family.ts';

export interface ModelFiles {
  /** Where config.json and preprocessor_config.json may be; left out for a lone weight file. */
  readonly folder?: string;
  /** config.json, parsed, where there is one. */
  readonly json?: ConfigJson;
  /** Looked for when asked, so that what is wrong in the config is told first. Rejects with CheckpointError. */
  weights(): Promise<string>;
}

/** What transformers and timm call their weights, the most welcome first: those that a graph can map. */
const weightFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;
/** Where transformers.js's repositories keep theirs. */
const onnxFiles = ['onnx/model.onnx', 'model.onnx', 'onnx/model_fp16.onnx'] as const;
/** Weights by any name, where there is one such file only. */
const weightEndings = /\.(?:safetensors|npz|pth|pt|bin)$/;

/** What `path` holds. Rejects with CheckpointError where there is nothing to load. */
export async function findModel(path: string): Promise<ModelFiles> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new CheckpointError(
      `model ${path}: no such file or folder; give a weight file, or a folder with config.json and model.safetensors`,
      { cause },
    );
  });
  const folder = found.isFile() ? folderOf(path) : path;
  if (folder === undefined) return { weights: async () => path };
  const json = await readConfig(folder);
  return { folder, ...(json && { json }), weights: async () => (found.isFile() ? path : weightFile(folder)) };
}

/** The folder that a lone file belongs to: an ONNX export is named nothing like another network, and lies with its config. */
function folderOf(path: string): string | undefined {
  if (!path.endsWith('.onnx')) return undefined;
  const folder = dirname(resolve(path));
  return basename(folder) === 'onnx' ? dirname(folder) : folder;
}

async function readConfig(folder: string): Promise<ConfigJson | undefined> {
  const path = join(folder, 'config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CheckpointError(`${path}: can't be read: ${messageOf(cause)}`, { cause });
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as ConfigJson;
  } catch (cause) {
    throw new CheckpointError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  throw new CheckpointError(`${path}: must hold a JSON object`);
}

async function weightFile(folder: string): Promise<string> {
  const names = await readdir(folder);
  const usual = weightFiles.find((name) => names.includes(name));
  if (usual) return join(folder, usual);
  for (const name of onnxFiles) if (await stat(join(folder, name)).catch(() => undefined)) return join(folder, name);
  const others = names.filter((name) => weightEndings.test(name)).sort();
  if (others.length === 1) return join(folder, others[0]!);
  throw new CheckpointError(
    others.length === 0
      ? `model ${folder}: has no model.safetensors, nor ${weightFiles.slice(1).join(', ')}, nor another weight file`
      : `model ${folder}: has several weight files (${others.join(', ')}); give the path of one`,
  );
}
