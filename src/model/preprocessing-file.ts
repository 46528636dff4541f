// Reads preprocessor_config.json as transformers' image processors write it; without one, what the checkpoint's family says.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CheckpointError, messageOf } from '../base/errors.ts';
import type { Interpolation, Preprocessing } from '../base/preprocessing.ts';
import type { VitConfig } from './config.ts';
import type { Evaluation } from './families/family.ts';

const side = z.number().int().positive().max(4096);
const square = z.object({ height: side, width: side });
const size = z.union([side, square, z.object({ shortest_edge: side })]);
const triple = z.tuple([z.number(), z.number(), z.number()]);
const schema = z.object({
  image_processor_type: z.string().optional(),
  feature_extractor_type: z.string().optional(),
  do_resize: z.literal(true, 'processors that leave pictures as they are are not supported').optional(),
  size: size.optional(),
  do_center_crop: z.boolean().optional(),
  crop_size: z.union([side, square]).optional(),
  resample: z.number().int().min(0).max(5).optional(),
  do_rescale: z.boolean().optional(),
  rescale_factor: z.number().positive().optional(),
  do_normalize: z.boolean().optional(),
  image_mean: triple.optional(),
  image_std: triple.refine((t) => t.every((s) => s > 0), 'must be above 0').optional(),
});
type Fields = z.infer<typeof schema>;

/** PIL's numbers for its resampling filters. */
const pil: readonly Interpolation[] = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'];

/** How pictures enter the network at the size of `config`; a lone weight file has no folder. Throws CheckpointError. */
export async function readPreprocessing(
  folder: string | undefined,
  config: VitConfig,
  evaluation: Evaluation,
): Promise<Preprocessing> {
  if (folder === undefined) return fromEvaluation(config, evaluation);
  const path = join(folder, 'preprocessor_config.json');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return fromEvaluation(config, evaluation);
    throw new CheckpointError(`${path}: can't be read: ${messageOf(cause)}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointError(`${path}: is not JSON: ${messageOf(cause)}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return fromProcessor(config, parsed.data, evaluation);
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new CheckpointError(`${path}: has fields that can't be used`, { lines });
}

function fromEvaluation({ imageSize }: VitConfig, evaluation: Evaluation): Preprocessing {
  const { interpolation, mean, std, cropShare = 1, resize = 'shortest' } = evaluation;
  const resizeTo = Math.floor(Math.max(...imageSize) / cropShare); // timm cuts: 224 / 0.9 -> 248
  return { imageSize, resize, resizeTo, cropOffset: 'half_even', interpolation, mean, std };
}

function fromProcessor({ imageSize }: VitConfig, p: Fields, evaluation: Evaluation): Preprocessing {
  const { resize, margin } = resizing(p);
  const pixel = (p.do_rescale === false ? 1 : (p.rescale_factor ?? 1 / 255)) * 255; // of a pixel scaled to 0..1
  const scaled = (t: Preprocessing['mean']): Preprocessing['mean'] =>
    Math.abs(pixel - 1) < 1e-6 ? t : [t[0] / pixel, t[1] / pixel, t[2] / pixel];
  const identity = p.do_normalize === false;
  const mean = identity ? ([0, 0, 0] as const) : (p.image_mean ?? evaluation.mean);
  const std = identity ? ([1, 1, 1] as const) : (p.image_std ?? evaluation.std);
  return {
    imageSize,
    resize,
    resizeTo: Math.round(Math.max(...imageSize) * margin),
    cropOffset: 'floor',
    interpolation: p.resample === undefined ? evaluation.interpolation : pil[p.resample]!,
    mean: scaled(mean),
    std: scaled(std),
  };
}

/** How to resize, and how much larger than the crop: a share, so that it holds at another image size. */
function resizing(p: Fields): { readonly resize: Preprocessing['resize']; readonly margin: number } {
  const { size, crop_size: crop } = p;
  // A bare number is both sides for ViT's and DeiT's processors, and the shorter one for those of CLIP and others that crop.
  const bareIsSquare = /ViT|DeiT/i.test(p.image_processor_type ?? p.feature_extractor_type ?? '');
  const shortest =
    typeof size === 'number'
      ? bareIsSquare
        ? undefined
        : size
      : size && 'shortest_edge' in size
        ? size.shortest_edge
        : undefined;
  const crops = p.do_center_crop ?? (shortest !== undefined && typeof size === 'object');
  const kept = typeof crop === 'number' ? crop : crop?.height;
  const resizedTo = shortest ?? (typeof size === 'number' ? size : size && 'height' in size ? size.height : undefined);
  const margin = crops && kept !== undefined && resizedTo !== undefined ? Math.max(1, resizedTo / kept) : 1;
  return { resize: crops && shortest !== undefined ? 'shortest' : 'exact', margin };
}
