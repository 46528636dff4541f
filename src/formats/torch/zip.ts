// torch.save's format since 1.6 (torch/serialization.py, caffe2/serialize/inline_container.cc): a zip archive of a pickle,
// `data.pkl`, and one member a storage, `data/<key>`, stored uncompressed.
import { type ByteSource, failOf } from '../byte-source.ts';
import { unpickle } from '../pickle/machine.ts';
import type { ZipMember } from '../zip.ts';
import { type Run, type TorchCheckpoint, torchAllowed } from './checkpoint.ts';
import { storageOf } from './globals.ts';

/** The pickle names tensors only; that of a training checkpoint of 1,000 takes 200 kB. */
const maxPickleBytes = 1 << 26;

const pickleName = /^(?:([^/]+)\/)?data\.pkl$/;

/** Whether an archive with these members is one of torch.save. */
export function isTorchZip(members: ReadonlyMap<string, ZipMember>): boolean {
  return [...members.keys()].some((name) => pickleName.test(name));
}

/** Rejects with CheckpointError. */
export async function readTorchZip(
  source: ByteSource,
  members: ReadonlyMap<string, ZipMember>,
): Promise<TorchCheckpoint> {
  const fail = failOf(source);
  const pickles = [...members.keys()].filter((name) => pickleName.test(name));
  if (pickles.length !== 1) return fail(`has ${pickles.length} members data.pkl; a checkpoint has one`);
  const folder = pickles[0]!.slice(0, -'data.pkl'.length);
  if (members.has(`${folder}constants.pkl`))
    return fail('is a TorchScript archive, a program; load it in Python with torch.jit.load and save its state_dict()');

  const pickle = members.get(pickles[0]!)!;
  if (pickle.size > maxPickleBytes)
    return fail(`has a pickle of ${pickle.size} bytes; at most ${maxPickleBytes} are read`);
  const { value: root } = unpickle(await pickle.read(), {
    globals: torchAllowed,
    persistent: (id) => storageOf(id, fail),
    fail,
  });

  const order = members.get(`${folder}byteorder`);
  const bigEndian = order !== undefined && new TextDecoder().decode(await order.read(3)) === 'big';
  const runs = new Map<string, Run>();
  const prefix = `${folder}data/`;
  for (const [name, member] of members)
    if (name.startsWith(prefix)) runs.set(name.slice(prefix.length), runOf(source, member, bigEndian));
  return { format: 'torch-zip', source, root, runs };
}

function runOf(source: ByteSource, member: ZipMember, bigEndian: boolean): Run {
  if (member.stored)
    return {
      byteLength: member.size,
      offset: member.offset,
      bigEndian,
      read: (offset, length) => source.read(member.offset + offset, length),
    };
  return {
    byteLength: member.size,
    bigEndian,
    read: async (offset, length) => (await member.read(offset + length)).subarray(offset),
  };
}
