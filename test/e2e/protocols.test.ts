// Protocols and the data verbs through the built command line: rounds, shifted test sets, what is written.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSafetensors } from '../../src/formats/safetensors-file.ts';
import { openTuned, protocolRounds, type RunEvent, train as trainFromCode } from '../../src/index.ts';
import { jsonLines, vitune } from '../support/cli.ts';
import { writePictures, writeTinyModel } from '../support/tiny.ts';

const fixtures = fileURLToPath(new URL('../fixtures/sources', import.meta.url));
let root: string;
let model: string;
let shapes: string;
const quick = () => ['--model', model, '--method', 'linear', '--batch-size', '4', '--threads', '1'];
const train = (...args: string[]) => vitune('train', ...args, ...quick(), '--json');
const json = async (...path: string[]) =>
  JSON.parse(await readFile(join(root, ...path), 'utf8')) as Record<string, never>;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-protocols-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  model = await writeTinyModel(join(root, 'tiny'));
  shapes = await writePictures(join(root, 'shapes'), 6);
});

interface Told {
  readonly type: string;
  readonly [key: string]: unknown;
}
const of = (stdout: string, type: string) => (jsonLines(stdout) as unknown as Told[]).filter((e) => e.type === type);

describe('train --protocol', () => {
  it('vtab-1k runs both phases of the study with nothing else given', async () => {
    const out = join(root, 'vtab');
    const { code, stdout } = await train(
      join(fixtures, 'text-list'),
      '--protocol',
      'vtab-1k',
      '--epochs',
      '2',
      '--out',
      out,
    );
    expect(code).toBe(0);
    const [tune, final] = of(stdout, 'start');
    expect([tune, final]).toMatchObject([
      { pictures: { train: 6, val: 3, test: 0 }, spec: { protocol: { round: 'tune' } } },
      { pictures: { train: 9, val: 0, test: 3 }, spec: { protocol: { round: 'final' } } },
    ]);
    // The study's set-up where nothing is given; warm-up keeps its tenth of the epochs.
    expect(final!.spec).toMatchObject({
      training: { schedule: 'study', decayOn: 'all', dropPath: 0.1, warmupEpochs: 0.2 },
    });
    const [tuned, result] = of(stdout, 'done');
    expect(tuned).toMatchObject({ val: { pictures: 3 }, tests: {} });
    expect(result).toMatchObject({ test: { pictures: 3 }, tests: { test: { pictures: 3 } } });
    expect((await readdir(out)).sort()).toEqual(['final', 'tune']);
    const { preprocessing } = await json('vtab', 'final', 'adapter_config.json');
    expect(preprocessing).toMatchObject({ resize: 'exact', interpolation: 'bicubic', mean: [0, 0, 0], std: [1, 1, 1] });
    const { splits, protocol } = await json('vtab', 'final', 'data.json');
    expect([protocol, (splits as unknown as Record<string, unknown[]>).train!.length]).toEqual([
      { name: 'vtab-1k', round: 'final', options: { normalise: 'none' } },
      9,
    ]);
  });

  it('robustness reports every shifted set: events, run.json, logits', async () => {
    const data = join(root, 'domains');
    await cp(shapes, join(data, 'drawn'), { recursive: true });
    await cp(shapes, join(data, 'shifted'), { recursive: true });
    await rm(join(data, 'shifted', 'disc'), { recursive: true });
    const protocolOptions = { train: 'drawn' };
    const out = join(root, 'robust');
    const options = { model, method: 'bitfit', epochs: 1, threads: 1, out, wiseCurve: true };
    const events: RunEvent[] = [];
    for await (const event of trainFromCode({ data, protocol: 'robustness', protocolOptions, ...options }))
      events.push(event);
    expect(events.find(({ type }) => type === 'start')).toMatchObject({
      pictures: { test: 3, shifted: { shifted: 12 } },
    });
    const expected = { test: { pictures: 3 }, shifted: { pictures: 12 } };
    expect(events.at(-1)).toMatchObject({ type: 'done', tests: expected });
    expect(await json('robust', 'run.json')).toMatchObject({ result: { tests: expected } });
    const { tensors } = await openSafetensors(join(out, 'test_logits.safetensors'));
    expect([...tensors].map(([name, { shape }]) => [name, shape]).sort()).toEqual([
      ['labels', [3]],
      ['logits', [3, 3]],
      ['shifted.labels', [12]],
      ['shifted.logits', [12, 3]],
    ]);
    // The WiSE-FT curve ends at the tuned model, and between its ends agrees with evaluating the adapter there.
    const { alphas, pictures, top1 } = (await json('robust', 'wise.json')) as unknown as {
      alphas: number[];
      pictures: Record<string, number>;
      top1: Record<string, number[]>;
    };
    expect(pictures).toEqual({ test: 3, shifted: 12 });
    expect(alphas).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    const { tests } = events.at(-1) as Extract<RunEvent, { type: 'done' }>;
    for (const set of ['test', 'shifted']) expect(top1[set]!.at(-1)).toBe(tests[set]!.top1);
    const half = await openTuned(out, { wiseAlpha: 0.5, threads: 1 });
    expect((await half.evaluate(join(data, 'shifted'))).top1).toBe(top1.shifted![5]);
    await half.dispose();
  });

  it('k-fold runs each fold', async () => {
    const flags = ['--protocol', 'k-fold', '--k-fold-folds', '3', '--epochs', '1', '--val-fraction', '0'];
    const all = await train(shapes, ...flags, '--out', join(root, 'folds'));
    const tested = of(all.stdout, 'done').map((e) => (e.test as { pictures: number }).pictures);
    expect(tested).toEqual([6, 6, 6]);
    const rounds = of(all.stdout, 'start').map(({ spec }) => (spec as { protocol: { round: string } }).protocol.round);
    expect(rounds).toEqual(protocolRounds('k-fold', { folds: 3 }));
  });

  it('refuses flags of another protocol and unknown rounds', async () => {
    for (const [flags, pattern] of [
      [['--few-shot-shots', '2'], /--few-shot-shots belongs to protocol few-shot, but the protocol is holdout/],
      [['--protocol', 'k-fold', '--round', 'fold-9'], /"fold-9" is not a known round/],
    ] as const) {
      const { code, stderr } = await train(shapes, ...flags);
      expect([code, stderr]).toEqual([2, expect.stringMatching(pattern)]);
    }
  });
});

describe('vitune data', () => {
  it('check prints one object', async () => {
    const data = join(root, 'copied');
    await cp(shapes, data, { recursive: true });
    await cp(join(data, 'disc', '0.png'), join(data, 'disc', 'copy.png'));
    const { code, stdout } = await vitune('data', 'check', data, '--json', '--sheet', join(root, 'sheet.html'));
    const report = JSON.parse(stdout) as Record<string, unknown>;
    expect(code).toBe(0);
    expect(report).toMatchObject({
      pictures: 19,
      classes: { disc: 7 },
      splits: { all: 19 },
      unreadable: [],
      leaks: [],
    });
    expect(report.duplicates).toContainEqual(['disc/0.png', 'disc/copy.png']);
    expect(await readFile(join(root, 'sheet.html'), 'utf8')).toContain('<h2>Copies <small>1<');
  });

  it('protocols shows the silent choices of one', async () => {
    expect((await vitune('data', 'protocols', 'vtab-1k')).stdout).toMatch(/selection +top-1 on val200/);
  });

  it('has one line for what is wrong', async () => {
    expect((await vitune('data', 'chekc', shapes)).stderr).toBe(
      "vitune: unknown command 'chekc'; did you mean check?\n",
    );
  });
});
