// adapter_config.json of Hugging Face PEFT (0.17 to 0.21): the fields that decide what an adapter computes. What isn't
// supported is refused by its name, never passed over.
import { z } from 'zod';
import { CheckpointError } from '../../base/errors.ts';

/** A pattern has few alternatives and a file few patterns: beyond that it isn't PEFT's. */
const pattern = z.string().max(4096);
const patterns = z.union([pattern, z.array(pattern).max(10_000)]).nullish();
const index = z.number().int().min(0).max(10_000);

const common = {
  target_modules: patterns,
  exclude_modules: patterns,
  modules_to_save: z.array(pattern).max(1000).nullish(),
};

const lora = z.object({
  ...common,
  peft_type: z.literal('LORA'),
  r: z.number().int().min(1).max(65_536),
  lora_alpha: z.number().finite(),
  lora_dropout: z.number().min(0).max(1).default(0),
  bias: z.enum(['none', 'all', 'lora_only']).default('none'),
  lora_bias: z.boolean().default(false),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  rank_pattern: z.record(pattern, z.number().int().min(1).max(65_536)).nullish(),
  alpha_pattern: z.record(pattern, z.number().finite()).nullish(),
  layers_to_transform: z.union([index, z.array(index).max(10_000)]).nullish(),
  layers_pattern: z.union([pattern, z.array(pattern).max(100)]).nullish(),
  init_lora_weights: z.union([z.boolean(), z.string().max(100)]).default(true),
});

const ia3 = z.object({ ...common, peft_type: z.literal('IA3'), feedforward_modules: patterns });
const layerNorms = z.object({ ...common, peft_type: z.literal('LN_TUNING') });

const schema = z.discriminatedUnion('peft_type', [lora, ia3, layerNorms]);

export type PeftConfig = z.infer<typeof schema>;
export type LoraConfig = z.infer<typeof lora>;

export const peftTypes = ['LORA', 'IA3', 'LN_TUNING'] as const;

/** Fields of LoRA that change what is computed, in ways that vitune has not. */
const foreign = [
  'layer_replication',
  'megatron_config',
  'trainable_token_indices',
  'target_parameters',
  'use_qalora',
  'use_bdlora',
  'alora_invocation_tokens',
  'arrow_config',
  'velora_config',
  'monteclora_config',
  'kasa_config',
] as const;

/** Starts that leave the base weights alone; the others (PiSSA, OLoRA, LoftQ, CorDA) have PEFT change them on loading. */
const plainStarts: readonly (boolean | string)[] = [true, false, 'gaussian', 'orthogonal', 'eva'];

/** Parses the file's contents. Throws CheckpointError. `where`: what messages call the file. */
export function parsePeftConfig(where: string, json: unknown): PeftConfig {
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Readonly<Record<string, unknown>>;
  const type = fields.peft_type;
  if (typeof type !== 'string')
    throw new CheckpointError(`${where}: has no peft_type; it is not an adapter that PEFT wrote`);
  if (!peftTypes.some((known) => known === type))
    throw new CheckpointError(
      `${where}: PEFT's ${type.slice(0, 60)} is not supported; known are ${peftTypes.join(', ')}`,
    );
  const parsed = schema.safeParse(json);
  if (!parsed.success)
    throw new CheckpointError(`${where}: is not a config of PEFT's ${type}`, {
      lines: parsed.error.issues.slice(0, 20).map(({ path, message }) => `  ${path.join('.')}: ${message}`),
    });
  if (parsed.data.peft_type !== 'LORA') return parsed.data;
  const isSet = (value: unknown) =>
    Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null && value !== false;
  const unknown = foreign.find((name) => isSet(fields[name]));
  if (unknown) throw new CheckpointError(`${where}: LoRA with ${unknown} is not supported; train it without`);
  const { init_lora_weights: start } = parsed.data;
  if (!plainStarts.includes(start))
    throw new CheckpointError(
      `${where}: LoRA that started as ${start} is not supported, because PEFT changes the base weights when it loads it; save it with path_initial_model_for_weight_conversion`,
    );
  return parsed.data;
}
