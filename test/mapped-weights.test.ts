// Weights that a graph maps where they lie in their file: ONNX Runtime takes external data at any offset, also where no
// element is aligned, as in .npz and legacy .pth files.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { openTensorFile } from '../src/formats/tensor-file.ts';
import { exportGraph } from '../src/graph/export.ts';
import { Graph } from '../src/graph/graph.ts';
import { linear } from '../src/graph/ops/linear.ts';
import type { FileSlice } from '../src/graph/types.ts';
import { nodeRuntime } from '../src/runtime/node.ts';

const fixtures = fileURLToPath(new URL('fixtures/checkpoints', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'vitune-mapped-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const runtime = nodeRuntime({ threads: 1 });

/** x W^T for x = 1, 2, 3, ..., with W mapped or in memory. */
async function product(weight: Tensor | FileSlice, shape: readonly number[]): Promise<Float32Array> {
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, shape[1]!]);
  graph.output('y', linear(x, graph.constant('w', { dtype: 'float32', shape }, weight)));
  const session = await runtime.prepare(exportGraph(graph));
  const { y } = await session.run({
    x: float32(
      [1, shape[1]!],
      Array.from({ length: shape[1]! }, (_, i) => i + 1),
    ),
  });
  await session.dispose();
  return y!.data as Float32Array;
}

it.each([
  ['bare.pth', 'fc.weight'],
  ['legacy.pth', 'fc.weight'],
  ['stored.npz', 'zeros'],
  ['model.safetensors.index.json', 'a.weight'],
  ['external.onnx', 'raw_f32'],
])('of %s', async (name, key) => {
  const file = await openTensorFile(join(fixtures, name));
  const { shape, slice } = file.tensors.get(key)!;
  expect(await product(slice!, shape)).toEqual(await product(await file.read(key), shape));
});

it('at offsets 1 to 16, none of them the page or the element', async () => {
  const weight = float32(
    [5, 7],
    Array.from({ length: 35 }, (_, i) => Math.sin(i)),
  );
  const expected = await product(weight, weight.shape);
  for (let offset = 1; offset <= 16; offset++) {
    const path = join(scratch, `offset${offset}`);
    writeFileSync(path, Buffer.concat([Buffer.alloc(offset, 0xff), Buffer.from(weight.data.buffer)]));
    const slice = { folder: dirname(path), file: basename(path), offset, byteLength: 140 };
    expect(readFileSync(path)).toHaveLength(140 + offset);
    expect(await product(slice, weight.shape)).toEqual(expected);
  }
});
