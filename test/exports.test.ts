// Exports of drawn runs: what is in the folders, that the certificate is of what is there, and what is refused.
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificate, requireParity } from '../src/exchange/certificate.ts';
import { exportRun } from '../src/exchange/export-run.ts';
import { openSafetensors, writeSafetensors } from '../src/formats/safetensors-file.ts';
import { loadBackbone } from '../src/model/load.ts';
import { writeRun } from './support/runs.ts';
import { shapeNames, writePictures, writeTinyModel } from './support/tiny.ts';

const fixtures = fileURLToPath(new URL('fixtures/interop', import.meta.url));
let root: string;
let data: string;
const models: Record<string, string> = {};
let made = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-export-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 10);
  models.vit = await writeTinyModel(join(root, 'vit'));
  models.dinov2 = await writeTinyModel(join(root, 'dinov2'), { family: 'dinov2' });
  models.timm = join(fixtures, 'timm', 'plain');
  models.registers = join(fixtures, 'timm', 'dinov2_reg4');
  models.clip = join(fixtures, 'timm', 'clip');
});
afterAll(() => rm(root, { recursive: true, force: true }));

const run = (model: string, ...methods: { name: string; options?: Record<string, unknown> }[]) =>
  writeRun(join(root, `run${made++}`), { model: models[model]!, data, classes: shapeNames, methods });
const out = () => join(root, `out${made++}`);
const json = async (...path: string[]) => JSON.parse(await readFile(join(...path), 'utf8')) as Record<string, unknown>;

describe('--to onnx', () => {
  it('writes a repository in three precisions, each with its certificate', async () => {
    const { folder, certificates } = await exportRun(await run('vit', { name: 'lora' }), {
      to: 'onnx',
      out: out(),
      fp16: true,
      int8: true,
    });
    const files = (await readdir(folder, { recursive: true })).sort();
    expect(files).toEqual([
      'README.md',
      'certificate.json',
      'config.json',
      'onnx',
      join('onnx', 'model.onnx'),
      join('onnx', 'model_fp16.onnx'),
      join('onnx', 'model_quantized.onnx'),
      'preprocessor_config.json',
    ]);
    const size = async (name: string) => (await stat(join(folder, 'onnx', name))).size;
    const whole = await size('model.onnx');
    expect((await size('model_fp16.onnx')) / whole).toBeLessThan(0.6);
    expect((await size('model_quantized.onnx')) / whole).toBeLessThan(0.55);
    expect(certificates.map(({ precision }) => precision)).toEqual(['float32', 'float16', 'int8']);
    expect(certificates[0]!.largestLogitDifference).toBeLessThan(2e-5);
    expect(certificates[1]!.largestLogitDifference).toBeGreaterThan(certificates[0]!.largestLogitDifference);
    expect((await json(folder, 'certificate.json')).models).toEqual(certificates);
    expect(await json(folder, 'config.json')).toMatchObject({
      model_type: 'vit',
      id2label: { 0: 'cross', 1: 'disc', 2: 'square' },
    });
  });

  it.each([
    ['dinov2', 'vpt-deep'],
    ['registers', 'adaptformer'],
    ['clip', 'convpass'],
    ['timm', 'vqt'],
  ])('on %s with %s, which can not be merged', async (model, name) => {
    const { certificates } = await exportRun(await run(model, { name }), { to: 'onnx', out: out() });
    expect(certificates).toHaveLength(1);
  });
});

it('weights beyond what a file may hold lie beside it', async () => {
  const folder = await run('vit', { name: 'lora' });
  const { folder: made } = await exportRun(folder, { to: 'onnx', out: out(), largestInside: 10_000 });
  expect((await readdir(join(made, 'onnx'))).sort()).toEqual(['model.onnx', 'model.onnx_data']);
  expect((await stat(join(made, 'onnx', 'model.onnx'))).size).toBeLessThan(40_000);
  expect(await json(made, 'config.json')).toMatchObject({
    'transformers.js_config': { use_external_data_format: { 'model.onnx': 1 } },
  });
  await expect(exportRun(folder, { to: 'onnx', out: out(), int8: true, largestInside: 10_000 })).rejects.toThrow(
    /too large to be quantised/,
  );
});

describe.each(['hf', 'timm'])('--to %s', (to) => {
  it.each([
    ['vit', 'lora'],
    ['vit', 'ssf'],
    ['dinov2', 'full'],
    ['timm', 'repadapter'],
    ['registers', 'ia3'],
  ])('%s with %s gives a model that loads with its classes', async (model, name) => {
    const { folder, certificates } = await exportRun(await run(model, { name }), { to, out: out() });
    expect(certificates[0]!.largestLogitDifference).toBeLessThan(1e-4);
    expect((await loadBackbone(folder)).head).toEqual({ kind: 'classifier', outputs: shapeNames.length });
  });

  it.each([
    ['vit', 'vpt-deep', /vpt-deep: can't be merged.*--to onnx exports it as it is/],
    ...(to === 'hf' ? [['clip', 'lora', /has a norm before the first block; --to onnx/] as const] : []),
  ] as const)('refuses %s with %s', async (model, name, why) => {
    const folder = out();
    await expect(exportRun(await run(model, { name }), { to, out: folder })).rejects.toThrow(why);
    expect((await readdir(root)).some((entry) => join(root, entry).startsWith(folder))).toBe(false);
  });
});

describe('--to peft', () => {
  it.each([
    ['vit', [{ name: 'lora', options: { targets: ['q', 'v', 'fc1'], rslora: true } }], 'LORA'],
    ['vit', [{ name: 'lora', options: { targets: ['q', 'k', 'v'], joint: true } }], 'LORA'],
    ['dinov2', [{ name: 'dora', options: {} }], 'LORA'],
    ['timm', [{ name: 'lora', options: { targets: ['q', 'v', 'proj'], alpha: 3 } }], 'LORA'],
    ['timm', [{ name: 'dora', options: { targets: ['k', 'v'] } }], 'LORA'],
    ['timm', [{ name: 'lora', options: { variant: 'study' } }], 'LORA'],
    ['timm', [{ name: 'ia3', options: {} }], 'IA3'],
    ['vit', [{ name: 'layernorm', options: {} }], 'LN_TUNING'],
    [
      'registers',
      [
        { name: 'lora', options: {} },
        { name: 'layernorm', options: {} },
      ],
      'LORA',
    ],
  ] as const)('%s with %j', async (model, methods, type) => {
    const { folder, certificates } = await exportRun(await run(model, ...methods), { to: 'peft', out: out() });
    expect(certificates[0]!.largestLogitDifference).toBeLessThan(1e-4);
    expect((await json(folder, 'adapter_config.json')).peft_type).toBe(type);
  });

  it.each([
    ['vit', [{ name: 'bitfit' }], /it trained .*bias itself/],
    ['vit', [{ name: 'linear' }], /the head alone/],
    ['vit', [{ name: 'ssf' }], /ssf is not among PEFT's/],
    ['vit', [{ name: 'lora' }, { name: 'ia3' }], /more than one way/],
    ['timm', [{ name: 'ia3', options: { inputs: ['q'] } }], /inputs of q, k and v differ/],
    [
      'vit',
      [
        { name: 'lora', options: { targets: ['q'] } },
        { name: 'dora', options: { targets: ['v'] } },
      ],
      /different adapters/,
    ],
  ] as const)('refuses %s with %j', async (model, methods, why) => {
    await expect(exportRun(await run(model, ...methods), { to: 'peft', out: out() })).rejects.toThrow(why);
  });
});

describe('the certificate', () => {
  const about = { what: 'model', precision: 'float32', of: 'test' } as const;
  it('counts what differs', () => {
    const one = certificate(about, Float32Array.of(1, 2, 3, -4), Float32Array.of(1, 2.5, -5, -4), 2);
    expect(one).toMatchObject({ pictures: 2, largestLogit: 4, largestLogitDifference: 8, top1Agreement: 0.5 });
    expect(() => requireParity(one)).toThrow(/logits differ by up to 8.00 .*50.0 % have the same class/);
  });

  it('fails for numbers that are none', () => {
    const one = certificate(about, Float32Array.of(1, 2), Float32Array.of(Number.NaN, 2), 2);
    expect(() => requireParity(one)).toThrow(/not what the run computes/);
  });
});

it('an export that computes something else leaves nothing', async () => {
  const folder = await run('vit', { name: 'lora' });
  const model = join(root, 'changed');
  await cp(models.vit!, model, { recursive: true });
  const moved = await exportRun(folder, { to: 'onnx', out: out(), model });
  expect(moved.certificates).toHaveLength(1); // the same weights elsewhere

  const path = join(model, 'model.safetensors');
  const file = await openSafetensors(path);
  const tensors = await Promise.all(
    [...file.tensors.keys()].map(async (name) => [name, await file.read(name)] as const),
  );
  (tensors[0]![1].data as Float32Array)[0]! += 1;
  await writeSafetensors(path, tensors);
  const place = out();
  await expect(exportRun(folder, { to: 'onnx', out: place, model })).rejects.toThrow(/trained on other weights/);
  expect((await readdir(root)).filter((name) => join(root, name).startsWith(place))).toEqual([]);
});

it.each([
  [{ to: 'tensorflow' }, /"tensorflow" is not a known export target/],
  [{ to: 'hf', int8: true }, /--int8 belong to onnx/],
  [{ to: 'hf', data: '/nowhere' }, /can't be read.*--data/],
])('refuses %o', async (options, why) => {
  await expect(exportRun(await run('vit', { name: 'lora' }), { out: out(), ...options })).rejects.toThrow(why);
});

it('takes no folder that holds something', async () => {
  await expect(exportRun(await run('vit', { name: 'lora' }), { to: 'hf', out: models.vit! })).rejects.toThrow(
    /is not empty/,
  );
});
