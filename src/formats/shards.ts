// A checkpoint in shards, as transformers writes large ones: `*.index.json` says which file holds each tensor.
import { CheckpointError, messageOf } from '../base/errors.ts';
import { type ByteSource, failOf, quoted } from './byte-source.ts';
import { openSibling, type Siblings } from './siblings.ts';
import type { StoredTensor } from './stored-tensor.ts';
import type { TensorSet } from './tensor-set.ts';

/** An index takes some 100 bytes a tensor. */
const maxIndexBytes = 1 << 25;
/** Shards of 5 GB each; the largest ViT has five. */
const maxShards = 1024;
const maxListed = 20;

/** The shard of each tensor. Rejects with CheckpointError. */
export async function readShardIndex(source: ByteSource): Promise<ReadonlyMap<string, string>> {
  const fail = failOf(source);
  if (source.size > maxIndexBytes)
    return fail(`is an index of ${source.size} bytes; at most ${maxIndexBytes} are read`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await source.read(0, source.size)));
  } catch (cause) {
    throw new CheckpointError(`${source.name}: is not JSON (${messageOf(cause)})`, { cause });
  }
  const map = typeof json === 'object' && json !== null ? (json as Record<string, unknown>).weight_map : undefined;
  if (typeof map !== 'object' || map === null || Array.isArray(map))
    return fail('is JSON without a weight_map; the index of a sharded checkpoint has one');
  const index = new Map<string, string>();
  for (const [name, shard] of Object.entries(map)) {
    if (typeof shard !== 'string') return fail(`its weight_map gives tensor ${quoted(name)} no file`);
    index.set(name, shard);
  }
  const shards = new Set(index.values()).size;
  if (shards === 0 || shards > maxShards) return fail(`names ${shards} shards; 1 to ${maxShards} are read`);
  return index;
}

/**
 * The tensors of all shards, opened by `open`. Each must be in the shard that the index says, and no other in any. Rejects
 * with CheckpointError, which lists what is missing (-) and extra (+).
 */
export async function readShards(
  source: ByteSource,
  siblings: Siblings,
  open: (shard: ByteSource) => Promise<TensorSet>,
): Promise<TensorSet> {
  const index = await readShardIndex(source);
  const tensors = new Map<string, StoredTensor>();
  const lines: string[] = [];
  let format: TensorSet['format'] = 'safetensors-sharded';
  for (const file of new Set(index.values())) {
    const shard = await open(await openSibling(source, siblings, file, 'shard'));
    if (shard.format !== 'safetensors') format = 'torch-sharded';
    for (const [name, tensor] of shard.tensors)
      if (index.get(name) === file) tensors.set(name, tensor);
      else lines.push(`+ ${quoted(name)} in ${quoted(file)}`);
  }
  for (const [name, file] of index) if (!tensors.has(name)) lines.push(`- ${quoted(name)} in ${quoted(file)}`);
  if (lines.length > 0)
    throw new CheckpointError(
      `${source.name}: doesn't fit its shards: ${lines.length} tensors are not where it says (- missing, + extra)`,
      {
        lines:
          lines.length > maxListed ? [...lines.slice(0, maxListed), `... ${lines.length - maxListed} more`] : lines,
      },
    );
  return { format, tensors: new Map([...index.keys()].map((name) => [name, tensors.get(name)!])), metadata: {} };
}
