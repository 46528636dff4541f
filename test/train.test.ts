// Whole runs on a tiny model: what is written, that it repeats, that it resumes to the same bits.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../src/base/identity.ts';
import { methods, openTuned, type RunEvent, type TrainOptions, train } from '../src/index.ts';
import { shapeNames, writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
let data: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-train-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 20);
  model = await writeTinyModel(join(root, 'tiny'));
});

let runs = 0;
const base = (): TrainOptions => ({
  data,
  model,
  epochs: 3,
  batchSize: 8,
  learningRate: 3e-3,
  threads: 1,
  out: join(root, `run-${runs++}`),
});

async function finish(options: TrainOptions): Promise<{ events: RunEvent[]; adapter: string; out: string }> {
  const events: RunEvent[] = [];
  for await (const event of train(options)) events.push(event);
  return {
    events,
    out: options.out!,
    adapter: sha256(await readFile(join(options.out!, 'adapter_model.safetensors'))),
  };
}

const of = <T extends RunEvent['type']>(events: readonly RunEvent[], type: T) =>
  events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);

describe('a run', () => {
  it('tells what it does and leaves a whole folder', async () => {
    const { events, out } = await finish(base());
    const [start] = of(events, 'start');
    expect(start).toMatchObject({
      classes: shapeNames,
      pictures: { train: 42, val: 9, test: 9 },
      unreadable: [],
      resumedFrom: 0,
    });
    // LoRA of rank 8 on q and v: 2 blocks x 2 layers x 2 x 32 x 8; the head 3 x 32 + 3
    expect([start!.trainableWithoutHead, start!.trainable]).toEqual([2048, 2048 + 99]);
    expect(of(events, 'probe').length).toBe(1);
    expect(of(events, 'step').length).toBe(3 * 6);
    expect(of(events, 'epoch').map((e) => e.epoch)).toEqual([0, 1, 2]);
    const [done] = of(events, 'done');
    expect(done!.test!.pictures).toBe(9);
    expect((await readdir(out)).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'data.json',
      'environment.json',
      'metrics.csv',
      'metrics.jsonl',
      'run.json',
      'test_logits.safetensors',
      'val_logits.safetensors',
    ]);
    expect((await readFile(join(out, 'metrics.jsonl'), 'utf8')).trim().split('\n').length).toBe(3);
    expect((await readFile(join(out, 'metrics.csv'), 'utf8')).trim().split('\r\n').length).toBe(4);
  });

  it('learns: full tuning fits every training picture', async () => {
    const { events } = await finish({ ...base(), method: 'full', epochs: 60, learningRate: 2e-3 });
    expect(of(events, 'epoch').at(-1)!.train.top1).toBe(1);
  });

  it('repeats to the last bit, and differs by seed', async () => {
    const [a, b, c] = [await finish(base()), await finish(base()), await finish({ ...base(), seed: 1 })];
    expect(b.adapter).toBe(a.adapter);
    expect(c.adapter).not.toBe(a.adapter);
  });

  it('gives the same with micro-batches, to rounding', async () => {
    const losses = async (microBatch: number) =>
      of((await finish({ ...base(), microBatch, dropPath: 0.2 })).events, 'step').map((e) => e.loss);
    const [whole, parts] = [await losses(8), await losses(3)]; // 3 doesn't divide 8: the last part is padded
    whole.forEach((loss, i) => {
      expect(Math.abs(loss - parts[i]!)).toBeLessThan(2e-5);
    });
  });

  it('evaluates and predicts as it did at its end', async () => {
    const { events, out } = await finish({ ...base(), method: 'full', epochs: 12 });
    const tuned = await openTuned(out);
    const result = await tuned.evaluate(data);
    expect([result.split, result.pictures]).toEqual(['all', 60]);
    expect(result.top1).toBeGreaterThan(0.5);
    const bytes = await readFile(join(data, 'disc', '0.png'));
    const [prediction] = await tuned.predict([{ name: '0.png', bytes }]);
    expect(prediction!.classes.reduce((n, c) => n + c.probability, 0)).toBeCloseTo(1, 6);
    expect(prediction!.classes.map((c) => c.name).sort()).toEqual(shapeNames);
    await tuned.dispose();
    expect(of(events, 'done')[0]!.test!.top1).toBeGreaterThanOrEqual(0);
  });

  it('stops early and keeps the best epoch', async () => {
    const { events } = await finish({ ...base(), method: 'linear', epochs: 40, patience: 2, learningRate: 0.02 });
    const [done] = of(events, 'done');
    expect(done!.stoppedEarly).toBe(true);
    const vals = of(events, 'epoch').map((e) => e.val!.top1);
    expect(done!.keptEpoch).toBe(vals.indexOf(Math.max(...vals)));
    expect(done!.val!.top1).toBe(Math.max(...vals));
  });

  it('stops with the reason when the loss is no longer finite', async () => {
    await expect(
      train({ ...base(), method: 'full', optimizer: 'sgd', learningRate: 100, epochs: 20 }).result(),
    ).rejects.toThrow(/the loss became (NaN|Infinity) at step \d+ .*try a smaller/);
  });
});

describe('a run that was interrupted', () => {
  /** Stops after `steps` steps, then goes on from the folder. */
  async function interrupted(options: TrainOptions, steps: readonly number[]): Promise<string> {
    for (const limit of steps) {
      const stop = new AbortController();
      let seen = 0;
      const events: RunEvent[] = [];
      for await (const event of train({ ...options, resume: true, signal: stop.signal })) {
        events.push(event);
        if (event.type === 'step' && ++seen === limit) stop.abort();
      }
      expect(events.at(-1)!.type).toBe('interrupted');
    }
    return (await finish({ ...options, resume: true })).adapter;
  }

  it.each(methods.map((method) => [method.name, method] as const))(
    'ends in the same bits (%s)',
    async (name, method) => {
      const shared = {
        method: name,
        epochs: 2,
        flip: true,
        randomResizedCrop: true,
        dropPath: 0.1,
        labelSmoothing: 0.1,
        ...('dropout' in method.options ? { methodOptions: { dropout: 0.1 } } : {}),
      };
      const whole = await finish({ ...base(), ...shared });
      expect(await interrupted({ ...base(), ...shared }, [1, 7])).toBe(whole.adapter);
    },
  );

  it('keeps the best epoch over the break', async () => {
    const shared = { method: 'linear', epochs: 8, keep: 'best' as const, patience: 3, learningRate: 0.02 };
    const whole = await finish({ ...base(), ...shared });
    expect(await interrupted({ ...base(), ...shared }, [14])).toBe(whole.adapter);
  });
});

describe('a folder that holds a run', () => {
  it('is not taken by another one, nor by the same without being asked', async () => {
    const options = base();
    await finish(options);
    await expect(train(options).result()).rejects.toThrow('this run is done');
    const other = train({ ...options, seed: 7, resume: true }).result();
    await expect(other).rejects.toThrow(/already holds another run .*; give another --out/);
    await expect(train({ ...options, seed: 7 }).result()).rejects.toMatchObject({
      lines: ['- training.seed 0', '+ training.seed 7'],
    });
  });

  it('is not resumed from a damaged state', async () => {
    const options = base();
    const stop = new AbortController();
    stop.abort();
    await train({ ...options, signal: stop.signal }).result();
    const damaged = join(root, 'damaged');
    await cp(options.out!, damaged, { recursive: true });
    await cp(join(damaged, 'run.json'), join(damaged, 'state.safetensors'));
    await expect(train({ ...options, out: damaged, resume: true }).result()).rejects.toThrow(
      'is not a saved state that can be resumed',
    );
    await rm(damaged, { recursive: true });
  });
});
