import { describe, expect, it } from 'vitest';
import { bytes } from '../../../test/support/bytes.ts';
import { memorySource } from '../byte-source.ts';
import type { Siblings } from '../siblings.ts';
import { openTensors } from '../tensors.ts';
import { onnx } from './proto.ts';

type Fields = Parameters<typeof onnx.TensorProto.create>[0];
const siblings: Siblings = async (name) => memorySource(name, new Uint8Array(16));

function model(tensor: Fields): Uint8Array {
  const initializer = [{ name: 'w', dataType: 1, dims: [2], ...tensor }];
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 9, graph: { initializer } })).finish();
}
const external = (location: string, offset: string, length: string) => ({
  dataLocation: 1,
  externalData: Object.entries({ location, offset, length }).map(([key, value]) => ({ key, value })),
});
const open = (file: Uint8Array) => openTensors(memorySource('x', new Uint8Array(file)), siblings);

it('reads external data, and refuses what these cases change', async () => {
  const { tensors } = await open(model(external('w.bin', '8', '8')));
  expect(await tensors.get('w')!.load()).toMatchObject({ dtype: 'float32', shape: [2], data: new Float32Array(2) });
});

describe('files that lie are refused in one line:', () => {
  const good = model({ rawData: new Uint8Array(8) });
  it.each<[string, Uint8Array, RegExp]>([
    [
      'external data out of the folder',
      model(external('../w.bin', '0', '8')),
      /names "..\/w.bin" as its external data; only files/,
    ],
    ['an absolute path', model(external('/etc/passwd', '0', '8')), /only files beside it/],
    ['no path', model(external('', '0', '8')), /only files beside it/],
    [
      'an offset out of the file',
      model(external('w.bin', '12', '8')),
      /w.bin: is truncated or lies: 8 bytes from byte 12/,
    ],
    ['a negative offset', model(external('w.bin', '-8', '8')), /lies at "-8"/],
    ['an offset of 10^30', model(external('w.bin', '1'.repeat(30), '8')), /lies at/],
    ['another length than its shape', model(external('w.bin', '0', '4')), /"4"; 8 bytes are needed/],
    ['2 GB in 8 bytes', model({ dims: [2 ** 29], rawData: new Uint8Array(8) }), /has 8 bytes; 2147483648 are needed/],
    ['2 GB in 2 numbers', model({ dims: [2 ** 29], floatData: [1, 2] }), /has 2 numbers; 536870912/],
    ['a negative size', model({ dims: [-2], rawData: new Uint8Array(8) }), /has shape \[-2\]/],
    ['sizes that overflow', model({ dims: [2 ** 40, 2 ** 40] }), /has shape/],
    ['text for weights', model({ dataType: 8, dims: [0] }), /has ONNX type 8/],
    ['a torn file', good.subarray(0, good.length - 3), /is truncated/],
    ['no graph', bytes(0x08, 9), /it has no graph/],
    [
      'millions of empty nodes',
      bytes(
        0x08,
        9,
        0x3a,
        0x80,
        0x80,
        0x80,
        4,
        new Uint8Array(1 << 23).map((_, i) => (i % 2 ? 0 : 0x0a)),
      ),
      /bytes of nodes and names; no vision transformer/,
    ],
    ['a varint without end', bytes(0x08, 9, 0x3a, new Uint8Array(20).fill(0xff)), /is no ONNX model/],
    ['a group', bytes(0x08, 9, 0x0b), /is no ONNX model, or damaged/],
  ])('%s', async (_, file, pattern) => {
    await expect(open(file)).rejects.toThrow(pattern);
    await expect(open(file)).rejects.toThrow(/^[^\n]*$/);
    await expect(open(file)).rejects.toMatchObject({ name: 'CheckpointError' });
  });

  it('two tensors of one name', async () => {
    const one = { name: 'w', dataType: 1, dims: [0] };
    const file = onnx.ModelProto.create({ irVersion: 9, graph: { initializer: [one, one] } });
    await expect(open(onnx.ModelProto.encode(file).finish())).rejects.toThrow(/two tensors "w"/);
  });

  it('graphs within graphs without end', async () => {
    const varint = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, ...varint(n >>> 7)]);
    const headers: number[][] = [];
    let length = 0;
    // AttributeProto.g = 6, NodeProto.attribute = 5, GraphProto.node = 1, from the innermost
    for (let i = 0; i < 30_000; i++) {
      headers.push([[0x32, 0x2a, 0x0a][i % 3]!, ...varint(length)]);
      length += headers.at(-1)!.length;
    }
    const graph = bytes(...headers.reverse());
    await expect(open(bytes(0x08, 9, 0x3a, varint(graph.length), graph))).rejects.toMatchObject({
      name: 'CheckpointError',
    });
  });
});
