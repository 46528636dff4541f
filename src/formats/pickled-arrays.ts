// A plain pickle of NumPy arrays: checkpoints of detectron2's kind, CIFAR's batches. All of it is in memory at once.
import { type ByteSource, failOf } from './byte-source.ts';
import { isNumpyArray, numpyGlobals, tensorOfArray } from './numpy/globals.ts';
import { type PickleGlobal, unpickle } from './pickle/machine.ts';
import { pythonGlobals } from './pickle/python-globals.ts';
import type { StoredTensor } from './stored-tensor.ts';
import type { TensorSet } from './tensor-set.ts';
import { findStateDict } from './torch/state-dict.ts';

const allowed: ReadonlyMap<string, PickleGlobal> = new Map([...pythonGlobals, ...numpyGlobals]);

/** CIFAR-100's largest file has 155 MB; a ViT-L in float32 1.2 GB. */
const maxBytes = 2 ** 31;

/** What a pickle of Python's containers and NumPy's arrays holds; see pickle/machine.ts. Rejects with CheckpointError. */
export async function readPickle(source: ByteSource): Promise<unknown> {
  const fail = failOf(source);
  if (source.size > maxBytes) return fail(`is a pickle of ${source.size} bytes; at most ${maxBytes} are read`);
  return unpickle(await source.read(0, source.size), { globals: allowed, fail }).value;
}

/** The arrays of a pickled state dict. Rejects with CheckpointError. */
export async function readPickledArrays(source: ByteSource, path?: string): Promise<TensorSet> {
  const found = findStateDict(source.name, await readPickle(source), isNumpyArray, path);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, array] of found.tensors) {
    const tensor = tensorOfArray(array) ?? failOf(source)(`has an array without contents`);
    tensors.set(name, { dtype: tensor.dtype, shape: tensor.shape, load: async () => tensor });
  }
  return { format: 'pickle', tensors, metadata: found.path === '' ? {} : { state_dict: found.path } };
}
