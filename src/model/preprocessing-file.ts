// Reads preprocessor_config.json as transformers' image processors write it; without one, the family's own values and a
// plain resize of the shorter side, so that nothing of a picture's longer middle is lost unasked.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError, messageOf } from '../base/errors.ts';
import type { Interpolation, Preprocessing } from '../base/preprocessing.ts';
import type { VitConfig } from './config.ts';

const side = z.number().int().positive().max(4096);
const size = z.union([side, z.object({ height: side, width: side }), z.object({ shortest_edge: side })]);
const triple = z.tuple([z.number(), z.number(), z.number()]);
const schema = z.object({
  do_resize: z.boolean().optional(),
  size: size.optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: size.optional(),
  resample: z.number().int().min(0).max(5).optional(),
  do_normalize: z.boolean().optional(),
  image_mean: triple.optional(),
  image_std: triple.refine((t) => t.every((s) => s > 0), 'must be above 0').optional(),
});

/** PIL's numbers for its resampling filters. */
const pil: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** How pictures enter the network at `config`'s size; `native` is the size that the file speaks of. */
export async function readPreprocessing(
  folder: string,
  config: VitConfig,
  native: VitConfig,
  fallback: Pick<Preprocessing, 'interpolation' | 'mean' | 'std'>,
): Promise<Preprocessing> {
  const path = join(folder, 'preprocessor_config.json');
  const { imageSize } = config;
  const plain: Preprocessing = { imageSize, resize: 'shortest', resizeTo: Math.max(...imageSize), ...fallback };
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return plain;
    throw new CheckpointError(`${path}: can't be read: ${messageOf(cause)}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
    throw new CheckpointError(`${path}: has fields that can't be used`, { lines });
  }
  const p = parsed.data;
  const shortest =
    p.size !== undefined && typeof p.size === 'object' && 'shortest_edge' in p.size ? p.size.shortest_edge : undefined;
  const crop = p.do_center_crop ?? shortest !== undefined;
  // The margin that a centre crop cuts off stays the same share of the picture at another image size.
  const margin = crop && shortest !== undefined ? Math.max(1, shortest / native.imageSize[0]) : 1;
  const identity = p.do_normalize === false;
  return {
    imageSize,
    resize: crop ? 'shortest' : 'exact',
    resizeTo: Math.max(Math.round(imageSize[0] * margin), ...imageSize),
    interpolation: p.resample === undefined ? fallback.interpolation : pil[p.resample]!,
    mean: identity ? [0, 0, 0] : (p.image_mean ?? fallback.mean),
    std: identity ? [1, 1, 1] : (p.image_std ?? fallback.std),
  };
}
