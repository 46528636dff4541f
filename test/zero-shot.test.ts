// CLIP's text tower and the zero-shot head against transformers' numbers (test/fixtures/clip), and runs that start from it.
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { writeSafetensors } from '../src/formats/safetensors-file.ts';
import { pack } from '../src/graph/slabs.ts';
import { openTuned, type TrainOptions, train } from '../src/index.ts';
import { loadBackbone } from '../src/model/load.ts';
import { loadTextTower } from '../src/model/text/load.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { evaluationGraph, type Tuning, trainedParameters } from '../src/train/graphs.ts';
import { embedTexts, promptsOf, withHead, zeroShotHead } from '../src/train/zero-shot.ts';
import { openZeroShot } from '../src/train/zero-shot-model.ts';
import { readTensors } from './interop/tensors.ts';
import { shapeNames, writePictures, writeTinyModel } from './support/tiny.ts';

const clip = fileURLToPath(new URL('fixtures/clip', import.meta.url));
const { texts, classes, templates } = JSON.parse(await readFile(join(clip, 'expected.json'), 'utf8')) as {
  texts: string[];
  classes: string[];
  templates: string[];
};
const expected = await readTensors(join(clip, 'expected.safetensors'));
const numbers = (name: string): Float32Array => expected.get(name)!.data as Float32Array;
const runtime = nodeRuntime({ threads: 1 });

const furthest = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a, (x, i) => Math.abs(x - b[i]!)).reduce((m, x) => Math.max(m, x), 0);
};

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-zero-shot-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 8);
});
afterAll(() => rm(root, { recursive: true }));

describe("the text tower equals transformers'", () => {
  it('in token ids, long texts cut before their end token', async () => {
    const { tokenize } = await loadTextTower(clip);
    const ids = expected.get('ids')!;
    const lengths = Array.from(expected.get('lengths')!.data as BigInt64Array, Number);
    texts.forEach((text, i) => {
      const row = Array.from(ids.data as BigInt64Array, Number).slice(i * ids.shape[1]!, (i + 1) * ids.shape[1]!);
      expect(tokenize(text), text).toEqual(row.slice(0, lengths[i]));
    });
  });

  it('in embeddings', async () => {
    const embeddings = await embedTexts(await loadTextTower(clip), texts, runtime);
    expect(
      furthest(
        embeddings.flatMap((row) => [...row]),
        numbers('embeddings'),
      ),
    ).toBeLessThan(2e-5);
  });

  it('in the classifier and its logits', async () => {
    const backbone = await loadBackbone(clip);
    const options = { promptTemplates: templates.join('|'), classEmbeddings: '' };
    const start = await zeroShotHead(backbone, classes, options, runtime);
    expect(furthest(start.tensors.get('head.weight')!.data, numbers('head.weight'))).toBeLessThan(1e-5);

    const config = withHead(backbone.config, start.projection);
    const tuning: Tuning = {
      ...{ config, weights: backbone.weights, methods: [], classes: classes.length },
      ...{ dropPath: 0, labelSmoothing: 0, decayOn: 'all' },
    };
    const trained = trainedParameters(tuning);
    expect(trained.specs.map(({ name }) => name)).toEqual(['head.proj.weight', 'head.weight', 'head.bias']);
    const model = evaluationGraph(tuning, trained, 2);
    const session = await runtime.prepare(model);
    const slabs = pack(trained.slabs, start.tensors);
    const feeds = Object.fromEntries(
      trained.slabs.map(({ name, size }, i) => [`param:${name}`, float32([size], slabs[i]!)]),
    );
    const { logits } = await session.run({ ...feeds, pictures: expected.get('pixel_values')! });
    await session.dispose();
    expect(furthest((logits as Tensor<'float32'>).data, numbers('logits'))).toBeLessThan(1e-4);
  });
});

describe('prompts', () => {
  it('are every template for every class, underscores as spaces', () => {
    expect(promptsOf(['sea_bird'], 'a {}.| {}, a {}')).toEqual([['a sea bird.', 'sea bird, a sea bird']]);
  });
  it('need a place for the class', () => {
    expect(() => promptsOf(['a'], 'a photo')).toThrow('texts with {} for the class');
  });
});

describe('class embeddings from a file', () => {
  const rows = float32(
    [3, 8],
    Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  );
  const from = async (path: string, names: readonly string[]) =>
    zeroShotHead(await loadBackbone(clip), names, { promptTemplates: '', classEmbeddings: path }, runtime);

  it('are normalised, scaled, and matched by name', async () => {
    const path = join(root, 'classes.safetensors');
    await writeSafetensors(path, [['embeddings', rows]], { classes: JSON.stringify(['b', 'c', 'a']) });
    const weight = (await from(path, ['a', 'b', 'c'])).tensors.get('head.weight')!.data;
    const row = rows.data.subarray(16, 24);
    const length = Math.hypot(...row);
    expect(
      furthest(
        weight.subarray(0, 8),
        row.map((x) => (100 * x) / length),
      ),
    ).toBeLessThan(1e-5);
    await expect(from(path, ['a', 'b', 'd'])).rejects.toThrow('has no embedding of class "d"');
    await expect(from(path, ['a', 'b'])).rejects.toThrow('must hold one matrix with a row for each of the 2 classes');
  });
});

describe('a run with the zero-shot head', () => {
  const options = (out: string): TrainOptions => ({
    ...{ data, model: clip, head: 'zero-shot', method: 'lora', threads: 1, out },
    ...{ epochs: 2, batchSize: 8, learningRate: 1e-2, imageSize: 16 },
  });

  it('trains, and WiSE-FT goes from the tuned network back to the zero-shot one', async () => {
    const out = join(root, 'run');
    for await (const _ of train(options(out)));
    const tuned = await readTensors(join(out, 'adapter_model.safetensors'));
    const start = await readTensors(join(out, 'head_start.safetensors'));
    const prompts = { promptTemplates: 'a photo of a {}.', classEmbeddings: '' };
    const fresh = await zeroShotHead(await loadBackbone(clip), shapeNames, prompts, runtime);
    expect(start).toEqual(fresh.tensors);
    expect(tuned.get('head.weight')!.data).not.toEqual(start.get('head.weight')!.data);

    // Logits of a picture at alpha 0: those of the untouched CLIP under its zero-shot head.
    const pictures = {
      count: 1,
      copy: (_: number, bytes: Uint8Array, offset: number) => {
        for (let i = 0; i < 16 * 16 * 3; i++) bytes[offset + i] = (i * 37) % 256;
      },
    };
    const untuned = await openZeroShot(clip, shapeNames, prompts, { threads: 1 });
    const zeroShot = await untuned.logits(pictures);
    const whole = await untuned.evaluate(data);
    await untuned.dispose();
    expect(whole).toMatchObject({ split: 'all', pictures: 24 });
    const logitsAt = async (wiseAlpha: number) => {
      const opened = await openTuned(out, { wiseAlpha, threads: 1 });
      const logits = await opened.logits(pictures);
      await opened.dispose();
      return logits;
    };
    expect(furthest(await logitsAt(0), zeroShot)).toBeLessThan(1e-4);
    expect(furthest(await logitsAt(1), zeroShot)).toBeGreaterThan(1e-2);
  });

  it('is asked for where its options are given', () => {
    expect(() => train({ ...options(join(root, 'c')), head: 'linear', promptTemplates: 'the {}' })).toThrow(
      'option promptTemplates belongs to the zero-shot head; add --head zero-shot',
    );
  });

  it('is refused without a text tower, a tokenizer or a projection', async () => {
    const first = async (given: TrainOptions) => {
      for await (const _ of train(given));
    };
    const vit = await writeTinyModel(join(root, 'vit'));
    await expect(first({ ...options(join(root, 'a')), model: vit, imageSize: 32 })).rejects.toThrow(
      'has no projection into a space of texts',
    );
    const bare = join(root, 'bare');
    await cp(clip, bare, { recursive: true });
    await rm(join(bare, 'tokenizer.json'));
    await expect(first({ ...options(join(root, 'b')), model: bare })).rejects.toThrow('has no readable tokenizer.json');
  });
});
