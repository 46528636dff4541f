// transformers.js loads an exported repository, offline, and gives the run's logits on equal pixels, in each precision.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { AutoModelForImageClassification, AutoProcessor, env, Tensor as TheirTensor } from '@huggingface/transformers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stream } from '../src/base/rng.ts';
import { exportRun } from '../src/exchange/export-run.ts';
import { loadBackbone } from '../src/model/load.ts';
import { openTuned } from '../src/train/tuned.ts';
import { maxDifference } from './conformance/method-network.ts';
import { writeRun } from './support/runs.ts';
import { shapeNames, writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
let data: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-js-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  env.allowRemoteModels = false;
  env.localModelPath = root;
  data = await writePictures(join(root, 'shapes'), 10);
});
afterAll(() => rm(root, { recursive: true, force: true }));

it.each([
  ['vit', 'lora', 'ViTForImageClassification'],
  ['dinov2', 'vpt-deep', 'Dinov2ForImageClassification'],
] as const)('%s with %s', async (family, method, architecture) => {
  const model = await writeTinyModel(join(root, family), { family });
  const run = await writeRun(join(root, `${family}-run`), {
    model,
    data,
    classes: shapeNames,
    methods: [{ name: method }],
  });
  const { folder, certificates } = await exportRun(run, {
    to: 'onnx',
    out: join(root, `${family}-js`),
    fp16: true,
    int8: true,
  });

  const [count, side] = [5, 32];
  const rng = stream(0, 'pictures');
  const bytes = Uint8Array.from({ length: count * side * side * 3 }, () => rng.below(256));
  const { mean, std } = (await loadBackbone(model)).preprocessing;
  const pixels = Float32Array.from({ length: bytes.length }, (_, i) => {
    const [picture, channel, pixel] = [Math.floor(i / (3 * side ** 2)), Math.floor(i / side ** 2) % 3, i % side ** 2];
    return (bytes[(picture * side ** 2 + pixel) * 3 + channel]! / 255 - mean[channel]!) / std[channel]!;
  });
  const tuned = await openTuned(run);
  const size = 3 * side * side;
  const wanted = await tuned.logits({
    count,
    copy: (i, out, offset) => out.set(bytes.subarray(i * size, (i + 1) * size), offset),
  });
  await tuned.dispose();

  const largest = wanted.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
  for (const [dtype, allowed] of [
    ['fp32', 1e-4],
    ['fp16', 1e-2],
    ['q8', 0.25],
  ] as const) {
    const theirs = await AutoModelForImageClassification.from_pretrained(basename(folder), { dtype });
    expect(theirs.constructor.name).toBe(architecture);
    expect((theirs.config as unknown as { id2label: unknown }).id2label).toEqual({
      0: 'cross',
      1: 'disc',
      2: 'square',
    });
    const { logits } = await theirs({ pixel_values: new TheirTensor('float32', pixels, [count, 3, side, side]) });
    expect(logits.dims).toEqual([count, 3]);
    expect(maxDifference(logits.data as Float32Array, wanted)).toBeLessThan(allowed * largest);
    await theirs.dispose();
  }
  expect(certificates).toHaveLength(3);
  const processor = await AutoProcessor.from_pretrained(basename(folder), {});
  const { crop_size, size: resized } = (
    processor as unknown as { image_processor: { crop_size: unknown; size: unknown } }
  ).image_processor;
  expect([crop_size, resized]).not.toEqual([undefined, undefined]);
});
