// The committed interoperability cases (test/fixtures/interop) through the engine, and the names that newer releases use.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { writeSafetensors } from '../src/formats/safetensors-file.ts';
import { loadBackbone } from '../src/model/load.ts';
import { checkers } from './interop/checkers/index.ts';
import { forward } from './interop/network.ts';
import { readTensors } from './interop/tensors.ts';

const root = fileURLToPath(new URL('fixtures/interop', import.meta.url));

/** Adapters that are refused: by their type, and because PEFT changes the base on loading them. */
const refused = ['vera', 'pissa'];

describe.each(['timm', 'transformers', 'checkpoints', 'export', 'peft', 'peft_timm'])('%s', async (kind) => {
  const cases = await checkers[kind]!(join(root, kind), root);
  it.each(cases.map(({ name, run }) => [name, run] as const))('%s', async (name, run) => {
    const outcome = await run();
    expect('skip' in outcome).toBe(refused.includes(name));
    if ('skip' in outcome) return;
    expect(outcome.length).toBeGreaterThan(0);
    expect(outcome.filter(({ excess }) => excess > 1)).toEqual([]);
  });
});

describe('the module names of transformers 5 load like those of its files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitune-names-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** Rewrites a case's weights under other names, and compares the features. */
  async function renamed(name: string, rename: (tensors: Map<string, Tensor>) => Map<string, Tensor>): Promise<void> {
    const original = join(root, 'transformers', name);
    await copyFile(join(original, 'config.json'), join(folder, 'config.json'));
    const tensors = rename(await readTensors(join(original, 'model.safetensors')));
    await writeSafetensors(join(folder, 'model.safetensors'), tensors);
    const [pictures] = (await readTensors(join(original, 'input.safetensors'))).values();
    const imageSize = [pictures!.shape[2]!, pictures!.shape[3]!] as const;
    const theirs = await forward(await loadBackbone(original, { imageSize }), pictures!);
    const ours = await forward(await loadBackbone(folder, { imageSize }), pictures!);
    expect(ours.pooled).toEqual(theirs.pooled);
  }
  const byName = (change: (name: string) => string) => (tensors: Map<string, Tensor>) =>
    new Map([...tensors].map(([name, tensor]) => [change(name), tensor]));

  it('ViT', () =>
    renamed(
      'vit_pooler',
      byName((name) =>
        name
          .replace('encoder.layer.', 'layers.')
          .replace('attention.attention.query', 'attention.q_proj')
          .replace('attention.attention.key', 'attention.k_proj')
          .replace('attention.attention.value', 'attention.v_proj')
          .replace('attention.output.dense', 'attention.o_proj')
          .replace('intermediate.dense', 'mlp.fc1')
          .replace(/(layers\.\d+)\.output\.dense/, '$1.mlp.fc2'),
      ),
    ));

  it('the gated MLP of DINOv2, whose first layer is cut in two', () =>
    renamed('dinov2_swiglu', (tensors) => {
      const out = new Map<string, Tensor>();
      for (const [name, tensor] of tensors) {
        const renamed = name.replace('weights_out', 'down_proj');
        if (!name.includes('weights_in')) {
          out.set(renamed, tensor);
          continue;
        }
        const data = tensor.data as Float32Array;
        const shape = tensor.shape.with(0, tensor.shape[0]! / 2);
        out.set(name.replace('weights_in', 'gate_proj'), float32(shape, data.slice(0, data.length / 2)));
        out.set(name.replace('weights_in', 'up_proj'), float32(shape, data.slice(data.length / 2)));
      }
      return out;
    }));

  it('SigLIP with the prefix that releases up to 4 write', () =>
    renamed(
      'siglip',
      byName((name) => `vision_model.${name}`),
    ));
});

describe('shards', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vitune-shards-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('load like the whole, and their bytes are the fingerprint', async () => {
    const original = join(root, 'transformers', 'vit_pooler');
    await copyFile(join(original, 'config.json'), join(folder, 'config.json'));
    const tensors = [...(await readTensors(join(original, 'model.safetensors')))];
    const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
    const weightMap = Object.fromEntries(tensors.map(([name], i) => [name, files[i % 2]!]));
    for (const file of files)
      await writeSafetensors(
        join(folder, file),
        tensors.filter(([name]) => weightMap[name] === file),
      );
    const index = { metadata: { total_size: 0 }, weight_map: weightMap };
    await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));

    const [pictures] = (await readTensors(join(original, 'input.safetensors'))).values();
    const shards = await loadBackbone(folder);
    expect((await forward(shards, pictures!)).pooled).toEqual(
      (await forward(await loadBackbone(original), pictures!)).pooled,
    );
    const negated = tensors
      .filter(([name]) => weightMap[name] === files[1])
      .map(
        ([name, { shape, data }]) =>
          [
            name,
            float32(
              shape,
              (data as Float32Array).map((x) => -x),
            ),
          ] as const,
      );
    await writeSafetensors(join(folder, files[1]), negated);
    expect((await loadBackbone(folder)).fingerprint).not.toBe(shards.fingerprint);
  });
});
