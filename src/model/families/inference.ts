// What the shapes of a file tell where no config.json does: patches, grid, depth, heads. What they can't tell is stated in a
// config.json beside the weights, or assumed and said so.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';
import { showShape } from '../../base/tensor.ts';
import type { VitConfig } from '../config.ts';
import type { ConfigJson, Stated, TensorShapes } from './family.ts';
import { activation, parseFields, pixels, size } from './fields.ts';

const statedFields = z.strictObject({
  num_heads: size.optional(),
  image_size: z.union([pixels, z.tuple([pixels, pixels])]).optional(),
  act_layer: activation.optional(),
  norm_eps: z.number().positive().max(1).optional(),
});

/** The fields of a config.json that names no architecture. Throws CheckpointError for any other field. */
export const parseStated = (json: ConfigJson): Stated => parseFields(statedFields, json);

/** Heads of the published networks whose heads aren't 64 wide: SigLIP's so400m, ViT-H, ViT-g, ViT-G. */
const usualHeads: Readonly<Record<number, number>> = { 1152: 16, 1280: 16, 1408: 16, 1664: 16 };

/** Stated, as published for that width, or one for every 64 channels; and what that assumes. Throws CheckpointError. */
export function headsFor(width: number, stated: Stated): { readonly heads: number; readonly assumes: string[] } {
  const heads = stated.num_heads ?? usualHeads[width] ?? width / 64;
  if (!Number.isInteger(heads) || width % heads !== 0)
    throw new CheckpointError(
      `${stated.num_heads === undefined ? 'the number of attention heads is not in the weights' : `${stated.num_heads} attention heads`}: ${heads === stated.num_heads ? `they don't divide width ${width}` : `width ${width} is no multiple of 64`}; put a config.json with {"num_heads": N} beside them`,
    );
  if (stated.num_heads !== undefined) return { heads, assumes: [] };
  return { heads, assumes: [`${heads} heads of ${width / heads} channels (num_heads)`] };
}

/** Activation and epsilon, which no weights show. */
export function unseen(
  stated: Stated,
  usual: Pick<VitConfig, 'activation' | 'normEps'>,
): Pick<VitConfig, 'activation' | 'normEps'> & { readonly assumes: string[] } {
  const assumes = [
    ...(stated.act_layer === undefined ? [`activation ${usual.activation} (act_layer)`] : []),
    ...(stated.norm_eps === undefined ? [`LayerNorm epsilon ${usual.normEps} (norm_eps)`] : []),
  ];
  return { activation: stated.act_layer ?? usual.activation, normEps: stated.norm_eps ?? usual.normEps, assumes };
}

/** Width and patch size from the patch embedding's shape in torch's order, [C, 3, P, P]. Throws CheckpointError. */
export function patchSizes(name: string, [width = 0, channels, rows = 0, columns, ...rest]: readonly number[]) {
  if (channels !== 3 || rows !== columns || rest.length > 0 || width < 1 || rows < 1 || width > 65536 || rows > 4096)
    throw new CheckpointError(
      `${name}: square patches of 3 channels are supported, got ${showShape([width, channels ?? 0, rows, columns ?? 0, ...rest])} (width, channels, rows, columns)`,
    );
  return { width, patchSize: rows };
}

/** Blocks: one more than the largest index that `pattern` captures. Throws CheckpointError. */
export function depthOf(tensors: TensorShapes, pattern: RegExp): number {
  let depth = 0;
  for (const name of tensors.keys()) depth = Math.max(depth, Number(pattern.exec(name)?.[1] ?? -1) + 1);
  if (depth < 1 || depth > 256) throw new CheckpointError(`the weights name ${depth} blocks; 1 to 256 are supported`);
  return depth;
}

/**
 * The pictures that a position embedding of `rows` rows was made for, and how many of its rows belong to tokens before
 * the patches: one of `prefixes`, the first that leaves a square unless a size is stated. Throws CheckpointError.
 */
export function positions(
  rows: number,
  prefixes: readonly number[],
  patchSize: number,
  { image_size: stated }: Stated,
): Pick<VitConfig, 'imageSize' | 'positionedPrefix'> {
  for (const prefix of prefixes) {
    const side = Math.sqrt(rows - prefix);
    const [h, w] =
      stated === undefined
        ? [side * patchSize, side * patchSize]
        : typeof stated === 'number'
          ? [stated, stated]
          : stated;
    if (!Number.isInteger(h) || h < patchSize || w < patchSize) continue;
    if (Math.floor(h / patchSize) * Math.floor(w / patchSize) !== rows - prefix) continue;
    return { imageSize: [h, w], positionedPrefix: prefix };
  }
  const given = stated === undefined ? 'a square grid' : `pictures of ${[stated].flat().join('x')} pixels`;
  throw new CheckpointError(
    `a position embedding of ${rows} rows doesn't fit ${given} of patches of ${patchSize}, with ${prefixes.join(' or ')} rows before; put a config.json with {"image_size": [H, W]} beside the weights`,
  );
}
