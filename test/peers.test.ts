// With the real libraries in Python: what is exported here loads there and gives the run's logits, and an adapter trained
// there loads here. Skipped with a notice where they are not installed.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../src/base/rng.ts';
import { float32, type Tensor } from '../src/base/tensor.ts';
import { exportRun } from '../src/exchange/export-run.ts';
import { mergedPeft } from '../src/exchange/peft/merge.ts';
import { readPeftAdapter } from '../src/exchange/peft/read.ts';
import { loadBackbone } from '../src/model/load.ts';
import { openTuned } from '../src/train/tuned.ts';
import { maxDifference } from './conformance/method-network.ts';
import { forward } from './interop/network.ts';
import { type Job, peerLogits, python } from './support/python.ts';
import { writeRun } from './support/runs.ts';
import { shapeNames, writePictures, writeTinyModel } from './support/tiny.ts';

const fixtures = fileURLToPath(new URL('fixtures/interop/timm', import.meta.url));
const count = 3;

interface Base {
  readonly folder: string;
  /** As bytes (3, H, W, 3), and as the network takes them. */
  readonly bytes: Uint8Array;
  readonly pictures: Tensor<'float32'>;
}

async function baseIn(folder: string): Promise<Base> {
  const { imageSize, mean, std } = (await loadBackbone(folder)).preprocessing;
  const [h, w] = imageSize;
  const rng = stream(0, 'pictures');
  const bytes = Uint8Array.from({ length: count * h * w * 3 }, () => rng.below(256));
  const data = Float32Array.from({ length: bytes.length }, (_, i) => {
    const [picture, channel, pixel] = [Math.floor(i / (3 * h * w)), Math.floor(i / (h * w)) % 3, i % (h * w)];
    return (bytes[(picture * h * w + pixel) * 3 + channel]! / 255 - mean[channel]!) / std[channel]!;
  });
  return { folder, bytes, pictures: float32([count, 3, h, w], data) };
}

/** Networks of timm's with parts that none of transformers' has. */
const others = ['clip', 'qknorm', 'avgmax', 'deit3', 'reg4_gap', 'siglip_map'] as const;

const cases = [
  ['vit', 'hf', { name: 'lora' }],
  ['dinov2', 'hf', { name: 'repadapter' }],
  ['dinov2', 'hf', { name: 'layernorm' }],
  ['vit', 'timm', { name: 'ssf' }],
  ['dinov2', 'timm', { name: 'lora' }],
  ['timm', 'timm', { name: 'full' }],
  ['timm', 'hf', { name: 'lora' }],
  ['registers', 'hf', { name: 'lora' }],
  ['registers', 'timm', { name: 'dora' }],
  ...others.map((name) => [name, 'timm', { name: 'lora' }] as const),
  ['vit', 'peft', { name: 'lora', options: { targets: ['q', 'v', 'fc1'], rslora: true } }],
  ['vit', 'peft', { name: 'layernorm' }],
  ['dinov2', 'peft', { name: 'dora' }],
  ['timm', 'peft', { name: 'lora', options: { targets: ['q', 'v', 'proj'] } }],
  ['timm', 'peft', { name: 'lora', options: { targets: ['q', 'k', 'v'], joint: true } }],
  ['timm', 'peft', { name: 'dora', options: { targets: ['k', 'v'] } }],
  ['timm', 'peft', { name: 'ia3' }],
  ['vit', 'peft', { name: 'ia3' }],
] as const;

const nameOf = (i: number): string => {
  const [model, to, method] = cases[i] ?? ['vit', 'peft', { name: 'trained there' }];
  return `${i} ${model} with ${method.name} to ${to}`;
};

describe.skipIf(python === undefined)('in Python', () => {
  let root: string;
  let data: string;
  const bases = new Map<string, Base>();
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'vitune-peers-'));
    process.env.VITUNE_CACHE = join(root, 'cache');
    data = await writePictures(join(root, 'shapes'), 10);
    for (const family of ['vit', 'dinov2'] as const)
      bases.set(family, await baseIn(await writeTinyModel(join(root, family), { family })));
    bases.set('timm', await baseIn(join(fixtures, 'plain')));
    for (const name of others) bases.set(name, await baseIn(join(fixtures, name)));
    bases.set('registers', await baseIn(join(fixtures, 'dinov2_reg4')));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  /** Largest difference of a logit, case by case; one Python process serves all. */
  const differences = new Map<string, number>();
  beforeAll(async () => {
    const jobs: Job[] = [];
    const ours: Float32Array[] = [];
    for (const [i, [model, to, method]] of cases.entries()) {
      const { folder: base, bytes } = bases.get(model)!;
      const run = await writeRun(join(root, `run${i}`), { model: base, data, classes: shapeNames, methods: [method] });
      const { folder } = await exportRun(run, { to, out: join(root, `out${i}`) });
      const kind = to === 'peft' ? (model === 'timm' ? 'peft_timm' : 'peft_hf') : to;
      jobs.push({ kind, folder, pictures: model, base, classes: shapeNames.length });
      const tuned = await openTuned(run);
      const size = bytes.length / count;
      const copy = (k: number, out: Uint8Array, offset: number) =>
        out.set(bytes.subarray(k * size, (k + 1) * size), offset);
      ours.push(await tuned.logits({ count, copy }));
      await tuned.dispose();
    }
    const { folder: base, pictures: x } = bases.get('vit')!;
    const trained = join(root, 'trained');
    const pictures = new Map([...bases].map(([name, { pictures: own }]) => [name, own]));
    const theirs = await peerLogits(root, pictures, [
      ...jobs,
      { kind: 'train', folder: trained, pictures: 'vit', base, classes: 3 },
    ]);
    const backbone = await loadBackbone(base);
    const { output } = await forward(await mergedPeft(await readPeftAdapter(trained, backbone.config), backbone), x);
    for (const [i, logits] of [...ours, output!.data as Float32Array].entries())
      differences.set(nameOf(i), maxDifference(logits, theirs[i]!.data as Float32Array));
  }, 300_000);

  it.each(cases.map((_, i) => nameOf(i)))('loads and agrees: %s', (name) => {
    expect(differences.get(name)).toBeLessThan(1e-4);
  });

  it('an adapter trained there loads here and agrees', () => {
    expect(differences.get(nameOf(cases.length))).toBeLessThan(1e-4);
  });
});
