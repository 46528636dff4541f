// Reading the fields of a config.json, for all families: sizes within limits, activations by their library's names, errors
// that list every field that can't be used.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';
import type { Activation, VitConfig } from '../config.ts';
import type { ConfigJson } from './family.ts';

/** A width or a count; beyond it the file is an attack or a mistake. */
export const size = z.number().int().positive().max(65536);
export const pixels = z.number().int().positive().max(4096);
/** No vision transformer is half as deep. */
export const blocks = z.number().int().positive().max(256);

const activationNames: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_tanh: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  quick_gelu: 'quick_gelu',
  quickgelu: 'quick_gelu',
  relu: 'relu',
  silu: 'silu',
  swish: 'silu',
};

export const activation = z.string().transform((name, context): Activation => {
  const known = activationNames[name.toLowerCase()];
  if (known) return known;
  context.addIssue({
    code: 'custom',
    message: `${name} is not supported; known are ${Object.keys(activationNames).join(', ')}`,
  });
  return z.NEVER;
});

/** Parses `config` or throws a CheckpointError with a line for each field. */
export function parseFields<T extends z.ZodType>(schema: T, config: ConfigJson): z.infer<T> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `  ${issue.path.join('.') || 'config'}: ${issue.message}`);
  throw new CheckpointError(`config.json: ${lines.length} field${lines.length === 1 ? '' : 's'} can't be used`, {
    lines,
  });
}

/** The config, if its sizes fit each other. Throws CheckpointError. */
export function checked(config: VitConfig): VitConfig {
  const { width, heads, imageSize, patchSize } = config;
  if (width % heads !== 0) throw new CheckpointError(`config.json: width ${width} is not a multiple of ${heads} heads`);
  if (imageSize.some((side) => side < patchSize))
    throw new CheckpointError(`config.json: image size ${imageSize.join('x')} is below the patch size ${patchSize}`);
  return config;
}
