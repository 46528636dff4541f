// Fixture files as maps in memory.
import { readFile } from 'node:fs/promises';
import { sizeOf, type Tensor } from '../../src/base/tensor.ts';
import { openSafetensors } from '../../src/formats/safetensors-file.ts';
import type { Source } from '../../src/model/families/family.ts';

export async function readTensors(path: string): Promise<Map<string, Tensor>> {
  const file = await openSafetensors(path);
  const entries = await Promise.all(
    [...file.tensors.keys()].map(async (name) => [name, await file.read(name)] as const),
  );
  return new Map(entries);
}

export async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}

/** The rows of a tensor that a source takes. */
export function rowsOfTensor(tensor: Tensor, { rows }: Source): Tensor {
  if (!rows) return tensor;
  const row = sizeOf(tensor.shape.slice(1));
  const data = tensor.data.slice(rows[0] * row, rows[1] * row);
  return { dtype: tensor.dtype, shape: tensor.shape.with(0, rows[1] - rows[0]), data } as Tensor;
}
