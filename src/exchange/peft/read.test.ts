// What makes an adapter of PEFT unreadable, and what it becomes where it is readable; its numbers are in test/interop.test.ts.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError } from '../../base/errors.ts';
import { float32, type Tensor } from '../../base/tensor.ts';
import { openSafetensors, writeSafetensors } from '../../formats/safetensors-file.ts';
import { loadBackbone } from '../../model/load.ts';
import { openTuned } from '../../train/tuned.ts';
import { expressPeft } from './express.ts';
import { importPeft } from './import.ts';
import { readPeftAdapter } from './read.ts';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/interop', import.meta.url));
const { config } = await loadBackbone(join(fixtures, 'peft', 'base_vit'));
const timm = await loadBackbone(join(fixtures, 'peft_timm', 'base_timm'));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vitune-peft-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** An adapter of the fixtures with other fields, or other tensors. */
async function changed(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  change: (tensors: Map<string, Tensor>) => void = () => {},
): Promise<string> {
  await cp(join(fixtures, 'peft', name), folder, { recursive: true });
  const path = join(folder, 'adapter_config.json');
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  await writeFile(path, JSON.stringify({ ...json, ...fields }));
  const weights = join(folder, 'adapter_model.safetensors');
  const file = await openSafetensors(weights);
  const tensors = new Map<string, Tensor>();
  for (const tensor of file.tensors.keys()) tensors.set(tensor, await file.read(tensor));
  change(tensors);
  await writeSafetensors(weights, tensors);
  return folder;
}

async function refusal(path: string): Promise<CheckpointError> {
  const error = await readPeftAdapter(path, config).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(CheckpointError);
  return error as CheckpointError;
}

const query = 'base_model.model.vit.layers.0.attention.q_proj';

describe('refused with the reason:', () => {
  it('a target without its tensors, and tensors without a target', async () => {
    const { lines } = await refusal(
      await changed('lora', {}, (tensors) => {
        tensors.delete(`${query}.lora_A.weight`);
        tensors.set('base_model.model.vit.pooler.lora_A.weight', float32([1, 1], [0]));
      }),
    );
    expect(lines).toEqual([`- ${query}.lora_A.weight`, '+ base_model.model.vit.pooler.lora_A.weight [1, 1]']);
  });

  it('adapters of layers that target_modules leave out', async () => {
    const { lines } = await refusal(await changed('lora', { target_modules: ['v_proj'] }));
    expect(lines.filter((line) => line.includes('q_proj'))).toHaveLength(4);
  });

  it('another shape', async () => {
    const { lines } = await refusal(
      await changed('lora', {}, (tensors) => {
        tensors.set(`${query}.lora_B.weight`, float32([8, 2], new Float32Array(16)));
      }),
    );
    expect(lines).toEqual(['- blocks.0.attn.q.lora_B [16, 2]', '+ blocks.0.attn.q.lora_B [8, 2]']);
  });

  it.each([
    [{ peft_type: 'POLY' }, /POLY is not supported; known are LORA, IA3, LN_TUNING/],
    [{ peft_type: 3 }, /no peft_type/],
    [{ r: 5 }, /rank 2, its config says 5/],
    [{ r: -1 }, /is not a config of PEFT's LORA/],
    [{ layer_replication: [[0, 2]] }, /LoRA with layer_replication is not supported/],
    [{ init_lora_weights: 'olora' }, /changes the base weights/],
    [{ target_modules: '(?=q)q_proj' }, /the pattern "\(\?=q\)q_proj" can't be used/],
    [{ target_modules: ['nothing'] }, /name no module of this backbone/],
  ])('%o', async (fields, pattern) => {
    expect((await refusal(await changed('lora', fields))).message).toMatch(pattern);
  });

  it('a pattern that would keep a backtracking matcher busy for ever', async () => {
    expect((await refusal(await changed('lora', { target_modules: '(.*)*(.*)*(.*)*\\.nothing' }))).message).toMatch(
      /name no module/,
    );
  });
});

describe('as a choice of methods:', () => {
  const chosen = async (kind: string, name: string) => {
    const base = kind === 'peft' ? config : timm.config;
    return expressPeft(await readPeftAdapter(join(fixtures, kind, name), base), base).methods;
  };
  it.each([
    [
      'peft',
      'lora',
      [{ name: 'lora', options: { rank: 2, alpha: 3, targets: ['q', 'v'], joint: false, dropout: 0.1 } }],
    ],
    ['peft_timm', 'lora_qkv', [{ name: 'lora', options: { targets: ['q', 'k', 'v'], joint: true } }]],
    ['peft', 'lora_bias_all', [{ name: 'lora' }, { name: 'bitfit' }]],
    ['peft', 'dora', [{ name: 'dora', options: { rank: 2 } }]],
    ['peft_timm', 'ia3', [{ name: 'ia3', options: { outputs: ['q', 'k', 'v'], inputs: ['fc2'] } }]],
    ['peft', 'norms', [{ name: 'layernorm', options: { where: 'everywhere' } }]],
  ])('%s/%s', async (kind, name, methods) => {
    expect(await chosen(kind, name)).toMatchObject(methods);
  });

  it.each([
    ['lora_patterns', /different ranks/],
    ['lora_layer_1', /not the same in every block/],
    ['lora_bias', /biases/],
    ['lora_conv_one_layer', /patch_embed.proj, which is no layer of a block/],
    ['lora_on_the_classifier', /no classifier/],
  ])('not %s', async (name, pattern) => {
    await expect(chosen('peft', name)).rejects.toThrow(pattern);
  });
});

it('as a run that predicts with the classes of the base', async () => {
  const out = join(folder, 'run');
  const model = join(fixtures, 'peft', 'base_vit');
  await importPeft(join(fixtures, 'peft', 'lora_bias_all'), { model, out });
  const tuned = await openTuned(out);
  expect(tuned.classes).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  const logits = await tuned.logits({ count: 1, copy: (_, bytes) => void bytes.fill(100) });
  expect(logits).toHaveLength(3);
  await tuned.dispose();

  await expect(importPeft(join(fixtures, 'peft', 'lora'), { model, out })).rejects.toThrow(/already holds an adapter/);
  await expect(
    importPeft(join(fixtures, 'peft', 'lora'), { model, out: join(folder, 'other'), classes: ['a', 'b'] }),
  ).rejects.toThrow(/has 3 classes, --classes names 2/);
});
