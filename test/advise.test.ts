// Advice on real pictures with a tiny model: what it stands on, that it stops and goes on, and what the command prints.
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { featuresFile } from '../src/advise/features.ts';
import { probeHead } from '../src/advise/head-probe.ts';
import { warmStart } from '../src/advise/warm-start.ts';
import { loadPublishedStudy } from '../src/analysis/published/load.ts';
import { stream } from '../src/base/rng.ts';
import { seconds, trainCommand } from '../src/cli/commands/advise.ts';
import { openSafetensors } from '../src/formats/safetensors-file.ts';
import { type Advice, type AdviceEvent, type AdviseOptions, advise, specOf, train } from '../src/index.ts';
import { nodeRuntime } from '../src/runtime/node.ts';
import { writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
let data: string;
let model: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-advise-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 20);
  model = await writeTinyModel(join(root, 'tiny'));
});

const asking = (folder: string, more: Partial<AdviseOptions> = {}): AdviseOptions => ({
  ...{ data, model, threads: 1, folder: join(root, folder), methods: ['linear', 'bitfit', 'lora', 'full'] },
  ...more,
});

async function ask(options: AdviseOptions): Promise<{ events: AdviceEvent[]; advice: Advice }> {
  const events: AdviceEvent[] = [];
  for await (const event of advise(options)) events.push(event);
  return { events, advice: events.at(-1) as unknown as Advice };
}

const of = <T extends AdviceEvent['type']>(events: readonly AdviceEvent[], type: T) =>
  events.filter((event): event is Extract<AdviceEvent, { type: T }> => event.type === type);

describe('advice', () => {
  it('without a budget stands on the published study and the head on cached features', async () => {
    const { events, advice } = await ask(asking('free', { budget: 0 }));
    expect(events.map(({ type }) => type).filter((type) => type !== 'decoding' && type !== 'features')).toEqual([
      'head',
      'advice',
    ]);
    expect(advice.methods.map(({ method }) => method).toSorted()).toEqual(['bitfit', 'full', 'linear', 'lora']);
    expect(advice.head!.pictures).toBe(9);
    for (const { expected, points, seconds: time, probe } of advice.methods) {
      expect(expected.low).toBeLessThan(expected.estimate);
      expect(expected.high).toBeGreaterThan(expected.estimate);
      expect(points.length).toBeGreaterThan(3);
      expect(time).toBeGreaterThan(0);
      expect(probe).toBeUndefined();
    }
  });

  it('keeps the features that a linear head reads', async () => {
    await ask(asking('features', { budget: 0, methods: ['linear'] }));
    const file = await openSafetensors(join(root, 'features', featuresFile));
    const val = await file.read('val');
    const out = join(root, 'linear');
    const options = { data, model, method: 'linear', epochs: 1, threads: 1, out };
    await train(options).result();
    const adapter = await openSafetensors(join(out, 'adapter_model.safetensors'));
    const [weight, bias] = [await adapter.read('head.weight'), await adapter.read('head.bias')];
    const logits = (await openSafetensors(join(out, 'val_logits.safetensors'))).read('logits');
    const [rows, width] = val.shape as [number, number];
    const classes = bias.shape[0]!;
    const given = (await logits).data as Float32Array;
    for (let i = 0; i < rows; i++)
      for (let k = 0; k < classes; k++) {
        let score = (bias.data as Float32Array)[k]!;
        for (let f = 0; f < width; f++)
          score += (weight.data as Float32Array)[k * width + f]! * (val.data as Float32Array)[i * width + f]!;
        expect(given[i * classes + k]).toBeCloseTo(score, 4);
      }
  });

  it('stopped in a probe says what it knows, and goes on to what it would have found without a stop', async () => {
    const whole = await ask(asking('whole', { budget: 600 }));
    const probed = of(whole.events, 'probed');
    expect(probed.length).toBeGreaterThan(0);
    expect(whole.advice.complete).toBe(true);

    const stop = new AbortController();
    const first: AdviceEvent[] = [];
    for await (const event of advise(asking('parts', { budget: 600, signal: stop.signal }))) {
      first.push(event);
      if (event.type === 'probe') stop.abort();
    }
    expect(of(first, 'probed')).toEqual([]);
    expect(of(first, 'advice')[0]!.complete).toBe(false);
    const rest = await ask(asking('parts', { budget: 600 }));
    expect(of(rest.events, 'features')).toEqual([]);
    const results = (events: readonly AdviceEvent[]) => of(events, 'probed').map(({ method, top1 }) => [method, top1]);
    expect(results(rest.events)).toEqual(results(whole.events));
    // What is taken depends on measured times too; what is expected doesn't.
    const expected = ({ methods }: Advice) =>
      new Map(methods.map(({ method, expected: { estimate } }) => [method, estimate]));
    expect(expected(rest.advice)).toEqual(expected(whole.advice));

    // A third time: nothing is left to do.
    expect(
      (await ask(asking('parts', { budget: 600 }))).events.map(({ type }) => type).filter((t) => t !== 'decoding'),
    ).toEqual(['head', 'advice']);
  });

  it('refuses what it knows nothing of, and another question in its folder', async () => {
    await expect(ask(asking('unknown', { methods: ['dora'] }))).rejects.toThrow('is not a known published method');
    await expect(ask(asking('free', { budget: 0, epochs: 3 }))).rejects.toThrow('another question');
    await expect(ask(asking('noval', { dataOptions: { valFraction: 0 } }))).rejects.toThrow(
      'needs validation pictures',
    );
    await expect(ask(asking('budget', { budget: -1 }))).rejects.toThrow('advise: budget must be');
  });
});

describe('the head on cached features', () => {
  it('learns what features tell, on another scale each, and nothing where they tell nothing', async () => {
    const runtime = nodeRuntime({ threads: 1 });
    const features = (count: number, shift: number, telling: boolean) => {
      const rng = stream(shift, 'features');
      const labels = Int32Array.from({ length: count }, (_, i) => i % 4);
      const values = new Float32Array(count * 6);
      for (let i = 0; i < count; i++)
        for (let f = 0; f < 6; f++) {
          const told = telling && f < 4 ? 4 * Number(labels[i] === f) : 0;
          values[i * 6 + f] = f === 5 ? 7 : 1000 ** (f - 2) * (told + rng.normal());
        }
      return { values, width: 6, labels };
    };
    const reached = (telling: boolean) =>
      probeHead(runtime, { train: features(400, 1, telling), val: features(200, 2, telling) }, 4, 0);
    expect((await reached(true)).top1).toBeGreaterThan(0.95);
    expect((await reached(false)).top1).toBeLessThan(0.4);
  });
});

describe('the warm start', () => {
  it("is in options that the methods have, each method's own best first", () => {
    const study = loadPublishedStudy();
    for (const { name } of study.methods) {
      const points = warmStart(study, name, 3);
      expect(points.length).toBe(3);
      for (const { options, training } of points)
        specOf({ data, model, method: name, methodOptions: options, preset: 'study', ...training });
    }
    expect(warmStart(study, 'lora', 1)[0]!.training.learningRate).toBeGreaterThan(0);
  });
});

describe('the command', () => {
  it('reads times, and prints a command that is one', () => {
    expect(['90s', '30m', '1.5h', '2 min'].map(seconds)).toEqual([90, 1800, 5400, 120]);
    expect(() => seconds('soon')).toThrow('must be a time such as 90s, 30m or 2h');
    const advice = { data: "/a b/it's", model: 'm', epochs: 20 } as Advice;
    const point = {
      options: { rank: 8, joint: false },
      training: { learningRate: 0.001, weightDecay: 1e-4 },
    };
    expect(trainCommand(advice, 'lora', point, ['--image-size', '70'])).toBe(
      "vitune train '/a b/it'\\''s' --model m --method lora --preset study --lora-rank 8 --learning-rate 0.001 --weight-decay 0.0001 --epochs 20 --warmup-epochs 2 --schedule cosine --image-size 70",
    );
  });
});
