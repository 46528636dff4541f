// Texts to token ids, by the tokenizer.json of a checkpoint.
import { Tokenizer } from '@huggingface/tokenizers';
import { CheckpointError, messageOf } from '../../base/errors.ts';
import type { TextConfig } from './config.ts';

/** A text's ids, with its start and end token. */
export type Tokenize = (text: string) => readonly number[];

/** `json` and `settings` are tokenizer.json and tokenizer_config.json, parsed. Throws CheckpointError. */
export function tokenizerOf(
  path: string,
  json: object,
  settings: object,
  { context, vocabulary }: TextConfig,
): Tokenize {
  let tokenizer: Tokenizer;
  try {
    tokenizer = new Tokenizer(json, settings);
  } catch (cause) {
    throw new CheckpointError(`${path}: is not a tokenizer that can be read: ${messageOf(cause)}`, { cause });
  }
  return (text) => {
    const ids: readonly number[] = tokenizer.encode(text).ids;
    const kept = ids.length <= context ? ids : [...ids.slice(0, context - 1), ids.at(-1)!]; // the end token is the feature's
    const bad = kept.find((id) => !(id >= 0 && id < vocabulary));
    if (kept.length === 0 || bad !== undefined)
      throw new CheckpointError(
        `${path}: makes token ${bad ?? 'none'} of "${text.slice(0, 40)}"; the text tower has ${vocabulary} tokens`,
      );
    return kept;
  };
}
