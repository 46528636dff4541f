// Runs trained together end in the bits of each run alone, whatever differs between them and whenever one leaves.
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { sha256 } from '../src/base/identity.ts';
import { specOf, type TrainOptions, train, trainTogether } from '../src/index.ts';
import { writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
let data: string;
let model: string;
let runs = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-group-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 12);
  model = await writeTinyModel(join(root, 'tiny'));
});

type Part = Partial<TrainOptions>;
const options = (part: Part): TrainOptions => ({
  data,
  model,
  method: 'linear',
  epochs: 3,
  batchSize: 8,
  microBatch: 8,
  threads: 1,
  ...part,
  out: join(root, `run-${runs++}`),
});

async function bitsOf({ out }: TrainOptions): Promise<string[]> {
  const names = ['adapter_model.safetensors', 'val_logits.safetensors', 'test_logits.safetensors'];
  return Promise.all(names.map(async (name) => sha256(await readFile(join(out!, name)))));
}

async function alone(part: Part): Promise<string[]> {
  const own = options(part);
  await train(own).result();
  return bitsOf(own);
}

it.each([
  ['heads', {}, [{ learningRate: 1e-2 }, { learningRate: 0.1, weightDecay: 0.1 }, { seed: 4, learningRate: 0.03 }]],
  [
    'heads that end at different times',
    { keep: 'best' as const },
    [{ learningRate: 0.5, patience: 1, epochs: 8 }, { epochs: 2 }],
  ],
  ['heads in micro-batches that do not divide the batch', { microBatch: 3 }, [{ learningRate: 1e-2 }, { seed: 1 }]],
  [
    'heads whose sums are whole vectors',
    { batchSize: 16, microBatch: 16 },
    [{ learningRate: 1e-2 }, { seed: 1 }, { seed: 2 }],
  ],
  [
    'heads of sgd, smoothed',
    { optimizer: 'sgd' as const, labelSmoothing: 0.1 },
    [{ learningRate: 1e-2 }, { learningRate: 0.1 }],
  ],
  [
    'lora with drop path and dropout',
    { method: 'lora', methodOptions: { dropout: 0.1 }, dropPath: 0.2 },
    [{ learningRate: 1e-2 }, { seed: 1 }],
  ],
  ['lora in int8', { method: 'lora', precision: 'int8' as const }, [{ learningRate: 1e-2 }, { seed: 1 }]],
  [
    'bitfit, augmented, in micro-batches',
    { method: 'bitfit', flip: true, microBatch: 3 },
    [{ learningRate: 1e-2 }, { seed: 1 }],
  ],
  [
    'runs that do not fit together',
    {},
    [{ learningRate: 1e-2 }, { optimizer: 'sgd' as const }, { batchSize: 6 }, { learningRate: 0.1 }],
  ],
] as [string, Part, Part[]][])('%s', async (_what, shared, parts) => {
  const together = parts.map((part) => options({ ...shared, ...part }));
  const done = new Set<number>();
  for await (const told of trainTogether(together)) {
    if ('error' in told) throw told.error;
    if (told.event.type === 'done') done.add(told.run);
  }
  expect(done.size).toBe(parts.length);
  for (const [i, part] of parts.entries())
    expect(await bitsOf(together[i]!), `run ${i}`).toEqual(await alone({ ...shared, ...part }));
});

it('a run that fails leaves the others to theirs', async () => {
  const together = [
    options({ learningRate: 1e-2 }),
    options({ optimizer: 'adamw', learningRate: 1e-2, data: join(root, 'none') }),
    options({ seed: 2 }),
  ];
  const errors: unknown[] = [];
  for await (const told of trainTogether(together)) if ('error' in told) errors.push([told.run, String(told.error)]);
  expect(errors).toEqual([[1, expect.stringMatching(/none/)]]);
  expect(await bitsOf(together[0]!)).toEqual(await alone({ learningRate: 1e-2 }));
  expect(await bitsOf(together[2]!)).toEqual(await alone({ seed: 2 }));
});

it('runs that were interrupted at different steps go on, together or alone, to the same bits', async () => {
  const parts: Part[] = [{ learningRate: 1e-2 }, { seed: 1 }, { seed: 2 }];
  const together = parts.map((part) => ({ ...options(part), resume: true }));
  const first = new AbortController();
  let steps = 0;
  for await (const _ of train({ ...together[0]!, signal: first.signal })) if (++steps === 6) first.abort(); // one is ahead
  const stop = new AbortController();
  steps = 0;
  for await (const told of trainTogether(together.map((own) => ({ ...own, signal: stop.signal }))))
    if ('event' in told && told.event.type === 'step' && ++steps === 7) stop.abort();
  for await (const _ of trainTogether(together.slice(0, 2)));
  await train(together[2]!).result();
  for (const [i, part] of parts.entries()) expect(await bitsOf(together[i]!), `run ${i}`).toEqual(await alone(part));
});

it('nobody listening any more, the runs save and end', async () => {
  const together = [options({ seed: 8 }), options({ seed: 9 })].map((own) => ({ ...own, resume: true }));
  for await (const told of trainTogether(together)) if ('event' in told && told.event.type === 'step') break;
  for await (const told of trainTogether(together))
    if ('event' in told && told.event.type === 'start') expect(told.event.resumedFrom).toBeGreaterThan(0);
  expect(await bitsOf(together[0]!)).toEqual(await alone({ seed: 8 }));
  expect(specOf(together[0]!).training.seed).toBe(8);
});
