// Weights without a config.json: what is told from their shapes, what is assumed and overridden, what is refused; and weights
// that are no numbers.
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { narrow } from '../src/formats/half.ts';
import { writeSafetensors } from '../src/formats/safetensors-file.ts';
import { checksum } from '../src/model/checksum-file.ts';
import { loadBackbone, openCheckpoint } from '../src/model/load.ts';
import { readTensors } from './interop/tensors.ts';

const root = fileURLToPath(new URL('fixtures/interop', import.meta.url));
const mae = join(root, 'checkpoints/official/mae_finetuned/model.pth');
const augreg = join(root, 'checkpoints/npz/augreg/model.npz');
const vit = join(root, 'transformers/vit_pooler');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitune-makers-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('without a config.json', () => {
  it('asks for the heads where the width tells none', async () => {
    await expect(loadBackbone(mae)).rejects.toThrow(
      'the number of attention heads is not in the weights: width 24 is no multiple of 64; put a config.json with {"num_heads": N} beside them',
    );
  });

  it('takes what a config.json beside the weights states, and says what it assumed', async () => {
    await copyFile(mae, join(folder, 'mae.pth'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ num_heads: 6, act_layer: 'gelu_tanh' }));
    const { checkpoint } = await openCheckpoint(folder);
    expect(checkpoint.config).toMatchObject({
      heads: 6,
      activation: 'gelu_tanh',
      pooling: 'mean',
      finalNorm: 'pooled',
    });
    expect(checkpoint.assumptions).toEqual(['LayerNorm epsilon 0.000001 (norm_eps)']);
    await writeFile(join(folder, 'config.json'), JSON.stringify({ num_heds: 6 }));
    await expect(openCheckpoint(folder)).rejects.toThrow("config.json: 1 field can't be used");
  });

  it("reads the heads of Google's files from their shapes", async () => {
    const { checkpoint, fit } = await openCheckpoint(augreg);
    expect(checkpoint.config).toMatchObject({ heads: 3, depth: 2, hidden: 48, imageSize: [16, 16], patchSize: 4 });
    expect(fit).toMatchObject({ missing: [], extra: [], misshapen: [], ignored: [] });
  });

  it('refuses any tensor that the network has no place for', async () => {
    const path = join(folder, 'extra.safetensors');
    const { file } = await openCheckpoint(mae, { stated: { num_heads: 3 } });
    const tensors = await Promise.all([...file.tensors].map(async ([name, t]) => [name, await t.load()] as const));
    await writeSafetensors(path, [
      ...tensors.filter(([name]) => name !== 'blocks.0.attn.proj.bias'),
      ['blocks.1.attn.rel_pos', float32([2], [0, 1])],
    ]);
    const refused = loadBackbone(path, { stated: { num_heads: 3 } });
    await expect(refused).rejects.toMatchObject({
      lines: ['- blocks.0.attn.proj.bias [24]', '+ blocks.1.attn.rel_pos [2]'],
    });
  });

  it('refuses names that no maker uses', async () => {
    await expect(loadBackbone(join(vit, 'model.safetensors'))).rejects.toThrow('give a folder with its config.json');
  });

  it('resamples patches to another size on the same grid', async () => {
    const { config } = await loadBackbone(augreg, { patchSize: 8 });
    expect(config).toMatchObject({ patchSize: 8, imageSize: [32, 32] });
    await expect(loadBackbone(augreg, { patchSize: 1 })).rejects.toThrow('patch size 1');
  });
});

describe('weights that are no numbers', () => {
  const name = 'encoder.layer.0.output.dense.weight';
  async function damaged(change: (tensors: Map<string, Tensor>) => void): Promise<string> {
    const target = await mkdtemp(join(folder, 'damaged-'));
    await cp(vit, target, { recursive: true });
    const tensors = await readTensors(join(vit, 'model.safetensors'));
    change(tensors);
    await writeSafetensors(join(target, 'model.safetensors'), tensors);
    return target;
  }
  const find = (tensors: Map<string, Tensor>) => [...tensors.keys()].find((key) => key.endsWith(name))!;

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'are refused by name: %d',
    async (value) => {
      const path = await damaged((tensors) => {
        (tensors.get(find(tensors))!.data as Float32Array)[7] = value;
      });
      await expect(loadBackbone(path)).rejects.toThrow(/^weight .*encoder\.layer\.0\.output\.dense\.weight: has NaN/);
    },
  );

  it('also in half precision, where the largest number is one', async () => {
    const half = (value: number) =>
      damaged((tensors) => {
        const key = find(tensors);
        const tensor = tensors.get(key) as Tensor<'float32'>;
        tensor.data[0] = value;
        tensors.set(key, narrow(tensor));
      });
    await expect(loadBackbone(await half(1e9))).rejects.toThrow('has NaN or infinite values');
    await expect(loadBackbone(await half(65504))).resolves.toBeDefined();
  });

  it('are found at the borders of chunks, at any alignment, and the checksum is that of the bytes', async () => {
    const path = join(folder, 'long.bin');
    const elements = 600_000; // 2.4 MB: three chunks
    const bytes = new Uint8Array(3 + elements * 4); // begins at an odd byte
    await writeFile(path, bytes);
    const slice = { folder, file: 'long.bin', offset: 3, byteLength: elements * 4 };
    const lying = [{ name: 'w', dtype: 'float32', slice }] as const;
    expect(await checksum([path], lying)).toBe(
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
    const border = Math.floor((2 ** 20 - 3) / 4); // the element that two chunks share
    for (const index of [0, border - 1, border, border + 1, elements - 1]) {
      const changed = bytes.slice();
      new DataView(changed.buffer).setFloat32(3 + index * 4, Number.NaN, true);
      await writeFile(path, changed);
      await expect(checksum([path], lying), `element ${index}`).rejects.toThrow('weight w: has NaN');
    }
  });
});
