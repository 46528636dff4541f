// Mutated weight files: every reader either reads them or refuses them with a CheckpointError of one line, within bounded
// time; nothing else may happen. 500 mutations a reader, or as many as VITUNE_FUZZ says (`npm run fuzz`: 10,000).
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../src/base/errors.ts';
import { type Rng, stream } from '../src/base/rng.ts';
import { failOf, memorySource } from '../src/formats/byte-source.ts';
import { unpickle } from '../src/formats/pickle/machine.ts';
import { readPickle } from '../src/formats/pickled-arrays.ts';
import type { Siblings } from '../src/formats/siblings.ts';
import { openTensors } from '../src/formats/tensors.ts';
import { torchAllowed } from '../src/formats/torch/checkpoint.ts';
import { storageOf } from '../src/formats/torch/globals.ts';
import { readZip } from '../src/formats/zip.ts';
import { bytes } from './support/bytes.ts';

const mutations = Number(process.env.VITUNE_FUZZ ?? 500);
/** Far above what the slowest mutation takes, far below a hang. */
const patience = 10_000;

const load = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/checkpoints/${name}`, import.meta.url)));
const beside = new Map(
  ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'external.onnx_data'].map((name) => [
    name,
    load(name),
  ]),
);
const siblings: Siblings = async (name) => {
  const found = beside.get(name);
  if (!found) throw new CheckpointError(`${JSON.stringify(name)}: no such file`);
  return memorySource(name, found);
};

/** The pickle inside torch's zip, so that mutations reach it instead of the archive's checksums. */
async function pickleOf(name: string): Promise<Uint8Array> {
  const members = await readZip(memorySource(name, load(name)));
  return [...members.values()].find((member) => member.name.endsWith('/data.pkl'))!.read();
}

async function readAll(file: Uint8Array): Promise<void> {
  const { tensors } = await openTensors(memorySource('x', file), siblings);
  for (const tensor of tensors.values()) await tensor.load();
}

const readTorchPickle = (file: Uint8Array): void => {
  const fail = failOf({ name: 'x' });
  unpickle(file, { globals: torchAllowed, persistent: (id) => storageOf(id, fail), fail });
};

const readers: readonly [
  name: string,
  seeds: () => Promise<readonly Uint8Array[]>,
  read: (file: Uint8Array) => unknown,
][] = [
  ['safetensors', async () => ['model-00001-of-00002.safetensors'].map(load), readAll],
  ['index of shards', async () => [load('model.safetensors.index.json')], readAll],
  ['npy', async () => ['array.npy', 'version2.npy'].map(load), readAll],
  ['npz', async () => ['deflated.npz', 'stored.npz'].map(load), readAll],
  ['torch zip', async () => ['nested.pth', 'views.pth', 'deflated.pth', 'dtypes.pth'].map(load), readAll],
  ['torch legacy', async () => ['legacy.pth', 'views_legacy.pth', 'training_legacy.pth'].map(load), readAll],
  [
    'torch pickle',
    () => Promise.all(['training.pth', 'protocol5.pth', 'parameters.pth'].map(pickleOf)),
    readTorchPickle,
  ],
  ['NumPy pickle', async () => [2, 4, 5].map((n) => load(`arrays_protocol${n}.pkl`)), readAll],
  ['CIFAR pickle', async () => [load('cifar_python2.pkl')], (file) => readPickle(memorySource('x', file))],
  ['ONNX', async () => ['model.onnx', 'external.onnx'].map(load), readAll],
];

/** Pieces of pickles: every kind of value, container and call, and all names that are allowed. */
const pieces: readonly Uint8Array[] = [
  ...['N', ']', '}', ')', '(', 't', 'l', 'd', 'a', 'e', 's', 'u', '0', '1', '2', 'R', 'R', 'R', 'b', 'b', 'Q'],
  ...[0x85, 0x86, 0x87, 0x88, 0x8f, 0x90, 0x91, 0x93, 0x94, 0x81, 0x98],
  ...[0, 1, 2, 3].flatMap((slot) => [bytes('q', slot), bytes('h', slot), bytes('K', slot)]),
  ...['storage', 'latin1', 'f4', '<', '/'].map((text) => bytes('U', text.length, text)),
  ...['storage', 'latin1', 'w', 'ÿ'].map((text) => bytes(0x8c, text.length, Buffer.from(text))),
  bytes('G', 0x7f, 0xf0, 0, 0, 0, 0, 0, 0),
  bytes(0x8a, 9, new Uint8Array(9).fill(0x7f)),
  ...[...torchAllowed.keys()].map((name) => {
    const dot = name.lastIndexOf('.');
    return bytes('c', name.slice(0, dot), '\n', name.slice(dot + 1), '\n');
  }),
].map((piece) => (piece instanceof Uint8Array ? piece : bytes(piece)));

const randomPickle = (rng: Rng): Uint8Array =>
  bytes(0x80, 2, ...Array.from({ length: 4 + rng.below(40) }, () => pieces[rng.below(pieces.length)]!), '.');

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

/** One to six edits: bytes, extreme integers, pieces cut, doubled, or moved, a torn end. */
function mutate(seed: Uint8Array, rng: Rng): Uint8Array {
  let file = seed.slice();
  for (let edits = 1 + rng.below(6); edits > 0 && file.length > 8; edits--) {
    const at = rng.below(file.length);
    const span = Math.min(1 + rng.below(32), file.length - at);
    switch (rng.below(7)) {
      case 0:
      case 1:
        file[at] = rng.below(256);
        break;
      case 2:
        file[at]! ^= 1 << rng.below(8);
        break;
      case 3:
        new DataView(file.buffer).setUint32(Math.min(at, file.length - 4), extremes[rng.below(extremes.length)]!, true);
        break;
      case 4:
        file = Uint8Array.from([...file.subarray(0, at), ...file.subarray(at + span)]);
        break;
      case 5:
        file = Uint8Array.from([...file.subarray(0, at + span), ...file.subarray(at)]);
        break;
      case 6:
        if (rng.below(4) === 0) file = file.slice(0, at);
        else file.copyWithin(rng.below(file.length), at, at + span);
        break;
    }
  }
  return file;
}

it(`${mutations * 20} pickles of random instructions build data or are refused`, { timeout: 3_600_000 }, () => {
  const rng = stream(0, 'fuzz', 'random pickles');
  let built = 0;
  for (let i = 0; i < mutations * 20; i++) {
    try {
      readTorchPickle(randomPickle(rng));
      built++;
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw new Error(`pickle ${i}`, { cause: error });
    }
  }
  expect(built).toBeGreaterThan(0);
});

describe(`${mutations} mutated files are read or refused, and nothing else:`, () => {
  it.each(readers)('%s', { timeout: 3_600_000 }, async (name, seeds, read) => {
    const originals = await seeds();
    for (const original of originals) await read(original);
    const rng = stream(0, 'fuzz', name);
    let refused = 0;
    let slowest = 0;
    for (let i = 0; i < mutations; i++) {
      const file = mutate(originals[i % originals.length]!, rng);
      const start = performance.now();
      try {
        await read(file);
      } catch (error) {
        refused++;
        if (!(error instanceof CheckpointError)) throw new Error(`mutation ${i}`, { cause: error });
        expect(error.message, `mutation ${i}`).not.toContain('\n');
      }
      slowest = Math.max(slowest, performance.now() - start);
    }
    expect(slowest).toBeLessThan(patience);
    expect(refused).toBeGreaterThan(mutations / 10); // the mutations do reach what is checked
  });
});
