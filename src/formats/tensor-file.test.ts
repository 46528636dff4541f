import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf } from '../base/tensor.ts';
import { openSafetensors } from './safetensors-file.ts';
import { openTensorFile } from './tensor-file.ts';

const fixtures = fileURLToPath(new URL('../../test/fixtures/checkpoints', import.meta.url));
const expected = await openSafetensors(join(fixtures, 'expected.safetensors'));
let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vitune-tensors-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

/** File, format, how many of its tensors lie in it as they are, and where the state dict was. */
const files: readonly [file: string, format: string, mapped: number, stateDict?: string][] = [
  ['bare.pth', 'torch-zip', 4],
  ['protocol4.pth', 'torch-zip', 4],
  ['protocol5.pth', 'torch-zip', 4],
  ['deflated.pth', 'torch-zip', 0],
  ['big_endian.pth', 'torch-zip', 0],
  ['legacy.pth', 'torch-legacy', 4],
  ['legacy_protocol4.pth', 'torch-legacy', 4],
  ['training.pth', 'torch-zip', 4, 'model'],
  ['training_legacy.pth', 'torch-legacy', 4, 'model'],
  ['ema.pth', 'torch-zip', 4, 'state_dict_ema'],
  ['teacher.pth', 'torch-zip', 4, 'teacher'],
  ['nested.pth', 'torch-zip', 2, 'params'],
  ['views.pth', 'torch-zip', 3], // whole, row and scalar; the others are strided, or empty
  ['views_legacy.pth', 'torch-legacy', 3],
  ['dtypes.pth', 'torch-zip', 13],
  ['parameters.pth', 'torch-zip', 4],
  ['stored.npz', 'npz', 18], // of 23: three are big-endian, one in Fortran order, one empty
  ['deflated.npz', 'npz', 0],
  ['array.npy', 'npy', 0],
  ['version2.npy', 'npy', 1],
  ['arrays_protocol2.pkl', 'pickle', 0, 'model'],
  ['arrays_protocol4.pkl', 'pickle', 0, 'model'],
  ['arrays_protocol5.pkl', 'pickle', 0, 'model'],
  ['cifar_python2.pkl', 'pickle', 0],
  ['cifar_python3.pkl', 'pickle', 0],
  ['model.onnx', 'onnx', 6],
  ['external.onnx', 'onnx', 5],
  ['model.safetensors.index.json', 'safetensors-sharded', 3],
  ['pytorch_model.bin.index.json', 'torch-sharded', 3],
];

describe('every tensor is what Python reads, bit for bit, and lies where the file says:', () => {
  it.each(files)('%s', async (name, format, mapped, stateDict) => {
    const file = await openTensorFile(join(fixtures, name));
    expect(file.format).toBe(format);
    expect(file.metadata.state_dict).toBe(stateDict);
    const wanted = [...expected.tensors.keys()].filter((key) => key.startsWith(`${name}/`));
    expect([...file.tensors.keys()].map((key) => `${name}/${key}`).sort()).toEqual(wanted.sort());
    let slices = 0;
    for (const [key, { dtype, shape, slice }] of file.tensors) {
      const tensor = await file.read(key);
      expect(tensor, key).toEqual(await expected.read(`${name}/${key}`));
      expect(tensor, key).toMatchObject({ dtype, shape });
      if (!slice) continue;
      slices++;
      const bytes = await readFile(join(slice.folder, slice.file));
      expect(bytes.subarray(slice.offset, slice.offset + slice.byteLength), key).toEqual(Buffer.from(bytesOf(tensor)));
      expect(slice.folder).toBe(dirname(file.path));
    }
    expect(slices).toBe(mapped);
    await expect(file.read('no such')).rejects.toThrow(/: has no tensor "no such"$/);
  });
});

it('tells a file by its contents, whatever its name', async () => {
  for (const name of ['legacy.pth', 'stored.npz', 'model.onnx']) {
    await copyFile(join(fixtures, name), join(scratch, 'weights.bin'));
    const { format, tensors } = await openTensorFile(join(scratch, 'weights.bin'));
    expect([format, tensors.size]).toEqual([
      files.find(([file]) => file === name)![1],
      (await openTensorFile(join(fixtures, name))).tensors.size,
    ]);
  }
});

it('takes another state dict where it is told one', async () => {
  const file = await openTensorFile(join(fixtures, 'ema.pth'), { stateDict: 'state_dict' });
  expect(await file.read('fc.bias')).toEqual(await expected.read('training.pth/fc.bias'));
  await expect(openTensorFile(join(fixtures, 'ema.pth'), { stateDict: 'epoch.x' })).rejects.toThrow(
    /has nothing under "epoch.x"/,
  );
});

it("follows a hub cache's links to shards, and lists all files that it took", async () => {
  const [blobs, snapshot] = [join(scratch, 'blobs'), join(scratch, 'snapshot')];
  await mkdir(blobs);
  await mkdir(snapshot);
  const names = [
    'model.safetensors.index.json',
    'model-00001-of-00002.safetensors',
    'model-00002-of-00002.safetensors',
  ];
  for (const [i, name] of names.entries()) {
    await copyFile(join(fixtures, name), join(blobs, `hash${i}`));
    await symlink(join('..', 'blobs', `hash${i}`), join(snapshot, name));
  }
  const file = await openTensorFile(join(snapshot, names[0]!));
  expect(file.files.map((path) => path.slice(-5))).toEqual(['hash0', 'hash1', 'hash2']);
  expect(file.tensors.get('b.weight')!.slice).toMatchObject({ file: 'hash2' });
  expect(await file.read('b.weight')).toEqual(await expected.read('model.safetensors.index.json/b.weight'));
});

it('gives the nodes of an ONNX file', async () => {
  const { graph, metadata } = await openTensorFile(join(fixtures, 'model.onnx'));
  expect(metadata).toEqual({ author: 'nobody' });
  expect(graph).toMatchObject({ inputs: ['x'], outputs: ['logits'], opsets: new Map([['', 18]]) });
  expect(graph!.nodes.map(({ opType, inputs, outputs }) => [opType, ...inputs, '->', ...outputs].join(' '))).toEqual([
    'Constant -> constant',
    'MatMul x raw_f32 -> hidden',
    'MatMul hidden constant -> y',
    'LeakyRelu y -> logits',
    'Transpose logits -> turned',
  ]);
  expect(graph!.nodes[1]!.name).toBe('/blocks.0/attn/qkv/MatMul');
  expect(graph!.nodes[3]!.attributes).toEqual(new Map([['alpha', 0.5]]));
  expect(graph!.nodes[4]!.attributes).toEqual(new Map([['perm', [1, 0]]]));
});

describe('what is no weight file is refused in one line:', () => {
  it.each<[string, string | Uint8Array, RegExp]>([
    ['nothing', '', /is empty/],
    ['a picture', 'GIF89a', /is no weight file that is known here; safetensors/],
    ['a pointer of Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:00', /git lfs pull/],
    ['a web page', '<!DOCTYPE html>', /web page/],
    ['gzip', Uint8Array.from([0x1f, 0x8b, 8, 0]), /unpack it first/],
    ['JSON', '{"a": 1}', /without a weight_map/],
    ['no JSON', '{"a": ', /is not JSON/],
  ])('%s', async (_, contents, pattern) => {
    const path = join(scratch, 'strange');
    await writeFile(path, contents);
    await expect(openTensorFile(path)).rejects.toThrow(pattern);
    await expect(openTensorFile(path)).rejects.toMatchObject({
      name: 'CheckpointError',
      message: expect.not.stringContaining('\n'),
    });
  });
  it.skipIf(process.platform === 'win32')('a pipe that nobody fills', async () => {
    execFileSync('mkfifo', [join(scratch, 'pipe')]);
    await expect(openTensorFile(join(scratch, 'pipe'))).rejects.toThrow(/is not a file/);
  });
  it('a folder, or nothing at all', async () => {
    await expect(openTensorFile(scratch)).rejects.toThrow(/is not a file/);
    await expect(openTensorFile(join(scratch, 'none'))).rejects.toThrow(/no such file/);
  });
});
