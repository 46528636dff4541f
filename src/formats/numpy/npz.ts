// NumPy's .npz: a zip archive of .npy arrays, stored (numpy.savez) or deflated (savez_compressed).
import { type ByteSource, failOf, memorySource, quoted } from '../byte-source.ts';
import type { StoredTensor } from '../stored-tensor.ts';
import type { TensorSet } from '../tensor-set.ts';
import type { ZipMember } from '../zip.ts';
import { maxNpyHead, parseNpyHeader, storedArray } from './npy.ts';

/** Whether an archive with these members is one of NumPy. */
export function isNpz(members: ReadonlyMap<string, ZipMember>): boolean {
  return members.size > 0 && [...members.keys()].every((name) => name.endsWith('.npy'));
}

/** The arrays, named without `.npy`. Rejects with CheckpointError. */
export async function readNpz(source: ByteSource, members: ReadonlyMap<string, ZipMember>): Promise<TensorSet> {
  const tensors = new Map<string, StoredTensor>();
  for (const [fileName, member] of members) {
    const name = fileName.slice(0, -'.npy'.length);
    const fail = failOf({ name: `${source.name}: ${quoted(name)}` });
    const header = parseNpyHeader(await member.read(Math.min(maxNpyHead, member.size)), member.size, fail);
    const array = member.stored
      ? storedArray(header, (offset, length) => source.read(member.offset + offset, length), {
          source,
          offset: member.offset,
        })
      : storedArray(
          header,
          async (offset, length) => memorySource(source.name, await member.read()).read(offset, length),
          undefined,
        );
    tensors.set(name, array);
  }
  return { format: 'npz', tensors, metadata: {} };
}

/** A lone .npy array, which has no name: `array`. Rejects with CheckpointError. */
export async function readNpy(source: ByteSource): Promise<TensorSet> {
  const head = await source.read(0, Math.min(maxNpyHead, source.size));
  const header = parseNpyHeader(head, source.size, failOf(source));
  const array = storedArray(header, (offset, length) => source.read(offset, length), { source, offset: 0 });
  return { format: 'npy', tensors: new Map([['array', array]]), metadata: {} };
}
