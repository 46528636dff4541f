// The logits that a run keeps (train/run.ts writes them): one safetensors file a split, with labels, picture names and classes;
// shifted test sets beside the test pictures, under their names.
import type { Predictions } from '../analysis/records.ts';
import { CheckpointError } from '../base/errors.ts';
import { memorySource } from '../formats/byte-source.ts';
import { tensorFrom } from '../formats/elements.ts';
import { readHeader } from '../formats/safetensors.ts';

export type SetLogits = Omit<Predictions, 'method' | 'data' | 'seed'>;

/** Names in the file are `logits` of the run's own set, `<set>.logits` of a shifted one. */
const ownSet = '';

function strings(file: string, text: string | undefined): readonly string[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    value = undefined;
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
    throw new CheckpointError(`${file}: its names of pictures or classes are no list of texts`);
  return value;
}

/** Sets by name, the run's own under ''. Throws CheckpointError for a file that isn't one of logits. */
export async function readLogits(file: string, bytes: Uint8Array): Promise<Map<string, SetLogits>> {
  const source = memorySource(file, bytes);
  const { tensors, metadata } = await readHeader(source);
  const read = async (name: string) => {
    const entry = tensors.get(name);
    if (!entry) throw new CheckpointError(`${file}: has no tensor ${name}`);
    return tensorFrom(entry, await source.read(entry.offset, entry.byteLength));
  };
  const classes = strings(file, metadata.classes);
  const sets = new Map<string, SetLogits>();
  for (const key of tensors.keys()) {
    const set = key === 'logits' ? ownSet : /^(.+)\.logits$/.exec(key)?.[1];
    if (set === undefined) continue;
    const named = (name: string) => (set === ownSet ? name : `${set}.${name}`);
    const [logits, labels] = [await read(named('logits')), await read(named('labels'))];
    const names = strings(file, metadata[named('names')]);
    const n = names.length;
    if (logits.dtype !== 'float32' || labels.dtype !== 'int32')
      throw new CheckpointError(
        `${file}: logits must be float32 and labels int32, got ${logits.dtype}, ${labels.dtype}`,
      );
    if (logits.data.length !== n * classes.length || labels.data.length !== n)
      throw new CheckpointError(`${file}: ${n} pictures need ${n * classes.length} logits, got ${logits.data.length}`);
    sets.set(set, { logits: logits.data as Float32Array, labels: labels.data as Int32Array, classes, names });
  }
  return sets;
}
