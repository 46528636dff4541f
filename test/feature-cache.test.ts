// Runs of the embedded model over cached features: the same bits as without, computed once, bounded, and never where
// pictures or the layers below change.
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { sha256 } from '../src/base/identity.ts';
import { type RunEvent, type TrainOptions, train } from '../src/index.ts';
import { writePictures } from './support/tiny.ts';

let root: string;
let data: string;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-features-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 12);
});

const base = (): TrainOptions => ({
  data,
  method: 'linear',
  epochs: 3,
  batchSize: 8,
  microBatch: 8,
  learningRate: 1e-2,
  threads: 1,
  out: join(root, `run-${runs++}`),
});

const folder = () => join(root, 'cache', 'features');
const packs = async () => (await readdir(folder()).catch(() => [])).filter((name) => name.endsWith('.f32'));

async function finish(options: TrainOptions) {
  const events: RunEvent[] = [];
  for await (const event of train(options)) events.push(event);
  const bytes = async (name: string) => sha256(await readFile(join(options.out!, name)));
  return {
    computed: events.some(({ type }) => type === 'features'),
    bits: [
      await bytes('adapter_model.safetensors'),
      await bytes('val_logits.safetensors'),
      await bytes('test_logits.safetensors'),
    ],
  };
}

it('a linear probe ends in the bits of one without, and the next run computes nothing', async () => {
  const without = await finish({ ...base(), featureCache: 'off' });
  expect([without.computed, await packs()]).toEqual([false, []]);
  const first = await finish(base());
  expect(first).toEqual({ computed: true, bits: without.bits });
  expect((await packs()).length).toBe(3); // training, validation, test
  expect(await finish({ ...base(), featureCache: 'on' })).toEqual({ computed: false, bits: without.bits });
  // Another head on the same features.
  expect((await finish({ ...base(), seed: 3, learningRate: 0.1, weightDecay: 0.1 })).computed).toBe(false);
});

it.each([
  ['the last blocks, whole', { method: 'partial', methodOptions: { blocks: [-1, -2] } }],
  [
    'one layer of a block, micro-batches',
    { method: 'partial', methodOptions: { blocks: [3], layers: ['fc2'] }, microBatch: 3 },
  ],
  ['drop path above the cut', { method: 'partial', dropPath: 0.3 }],
] as const)('%s: the same bits', async (_what, options) => {
  const shared = { ...options, epochs: 2, learningRate: 1e-3 } as Partial<TrainOptions>;
  const without = await finish({ ...base(), ...shared, featureCache: 'off' });
  expect(await finish({ ...base(), ...shared, featureCache: 'on' })).toEqual({ computed: true, bits: without.bits });
});

it.each(['linear', 'adaptformer', 'partial'])('%s: the same WiSE-FT curve', async (method) => {
  const domains = join(root, 'domains');
  for (const name of ['drawn', 'other']) await writePictures(join(domains, name), 8);
  const curve = async (featureCache: 'on' | 'off') => {
    const protocol = { protocol: 'robustness', protocolOptions: { train: 'drawn' }, wiseCurve: true } as const;
    const options = { ...base(), ...protocol, data: domains, method, epochs: 2, featureCache };
    await finish(options);
    return JSON.parse(await readFile(join(options.out!, 'wise.json'), 'utf8')) as { top1: Record<string, number[]> };
  };
  const without = await curve('off');
  expect(Object.keys(without.top1)).toEqual(['test', 'other']);
  expect(await curve('on')).toEqual(without);
});

it('a run that was interrupted goes on to the same bits, even where its features were removed meanwhile', async () => {
  const whole = await finish(base());
  const options = { ...base(), resume: true };
  const stop = new AbortController();
  let seen = 0;
  for await (const event of train({ ...options, signal: stop.signal }))
    if (event.type === 'step' && ++seen === 4) stop.abort();
  await rm(folder(), { recursive: true });
  expect(await finish(options)).toEqual({ computed: true, bits: whole.bits });
});

it('augmented pictures and trained first layers have no features', async () => {
  await expect(train({ ...base(), flip: true, featureCache: 'on' }).result()).rejects.toThrow(
    "--feature-cache on: features of the training pictures can't be kept: augmentation makes them others in every epoch",
  );
  await expect(train({ ...base(), method: 'full', featureCache: 'on' }).result()).rejects.toThrow(
    'nothing that the network computes is the same in every epoch with this method',
  );
  const flipped = { flip: true, epochs: 2 };
  const without = await finish({ ...base(), ...flipped, featureCache: 'off' });
  expect((await finish({ ...base(), ...flipped })).bits).toEqual(without.bits); // validation pictures have theirs
});

it('takes no more disk than allowed, and says so', async () => {
  const without = await finish({ ...base(), featureCache: 'off' });
  const before = await packs();
  vi.stubEnv('VITUNE_FEATURES_GB', '0.00001'); // 10 kB: less than the training pictures take, enough for the others
  const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const other = await finish({ ...base(), splitSeed: 1, featureCache: 'off' });
  expect((await finish({ ...base(), splitSeed: 1 })).bits).toEqual(other.bits);
  expect(warned.mock.calls.flat().join()).toMatch(/features of the training pictures can't be kept: they take 0\.0 GB/);
  // Room for the new ones was made by removing the longest unused.
  const left = await packs();
  const sizes = await Promise.all(left.map(async (name) => (await stat(join(folder(), name))).size));
  expect(sizes.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(10_000);
  expect(left.some((name) => before.includes(name) && before.length > left.length)).toBe(false);
  vi.stubEnv('VITUNE_FEATURES_GB', 'much');
  await expect(train(base()).result()).rejects.toThrow('VITUNE_FEATURES_GB must be a number of gigabytes, got "much"');
  vi.unstubAllEnvs();
  warned.mockRestore();
  expect((await finish(base())).bits).toEqual(without.bits);
});
