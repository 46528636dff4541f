// The command line as a stranger uses it: good runs, every bad input that we know of, Ctrl-C and kill -9.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/base/identity.ts';
import { methods } from '../../src/methods/index.ts';
import { jsonLines, start, vitune } from '../support/cli.ts';
import { blackPng } from '../support/png.ts';
import { shapeNames, writePictures, writeTinyModel } from '../support/tiny.ts';

let root: string;
let data: string;
let model: string;
let done: string;
const quick = () => ['--model', model, '--epochs', '2', '--batch-size', '8', '--threads', '1'];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-cli-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 12);
  model = await writeTinyModel(join(root, 'tiny'));
  done = join(root, 'done');
  const { code, stderr } = await vitune('train', data, ...quick(), '--out', done);
  expect(stderr).toContain('test ');
  expect(code).toBe(0);
});

describe('train, evaluate, predict', () => {
  it('--json prints one event a line', async () => {
    const { code, stdout } = await vitune(
      'train',
      data,
      ...quick(),
      '--method',
      'lora',
      '--lora-rank',
      '4',
      '--json',
      '--out',
      join(root, 'json'),
    );
    const events = jsonLines(stdout);
    expect([code, events.at(-1)?.type]).toEqual([0, 'done']);
    expect(events.find((e) => e.type === 'start')).toMatchObject({ trainableWithoutHead: 1024 });
  });

  it('evaluate prints top1 as a fraction', async () => {
    const { code, stdout } = await vitune('evaluate', done, data, '--json');
    const result = JSON.parse(stdout) as { top1: number; pictures: number };
    expect([code, result.pictures]).toEqual([0, 36]);
    expect(result.top1).toBeGreaterThanOrEqual(0);
    expect(result.top1).toBeLessThanOrEqual(1);
  });

  it('evaluate measures corrupted copies beside the pictures themselves', async () => {
    const few = join(root, 'few');
    for (const name of shapeNames) await cp(join(data, name, '1.png'), join(few, name, '1.png'));
    const { code, stdout } = await vitune('evaluate', done, `corruptions@1:${few}`, '--json');
    const { pictures, shifts } = JSON.parse(stdout) as {
      pictures: number;
      shifts: Record<string, { pictures: number }>;
    };
    expect([code, pictures, Object.keys(shifts).length]).toEqual([0, shapeNames.length, 15]);
    expect(shifts['fog-1']!.pictures).toBe(shapeNames.length);
  });

  it('data check suspects labels by a model, and takes whatever train takes', async () => {
    const { code, stdout } = await vitune('data', 'check', `corruptions:${data}`, '--model', 'vitune-tiny', '--json');
    const report = JSON.parse(stdout) as { pictures: number; agreement: number; suspicious: { name: string }[] };
    expect([code, report.pictures]).toEqual([0, 36]);
    expect(report.agreement).toBeGreaterThan(0.5); // discs, rings and so on are easily told apart
    expect(Array.isArray(report.suspicious)).toBe(true);
  });

  it('predict names the classes of pictures', async () => {
    const picture = join(data, 'disc', '1.png');
    const { code, stdout } = await vitune('predict', done, picture, picture, '--json');
    const [first, second] = jsonLines(stdout) as { picture: string; classes: { name: string }[] }[];
    expect([code, first!.picture]).toEqual([0, picture]);
    expect(first!.classes.map((c) => c.name).sort()).toEqual(shapeNames);
    expect(second).toEqual(first);
  });

  it('helps: each verb, and the options of the method that is named only', async () => {
    const help = async (...args: string[]) => {
      const { code, stdout, stderr } = await vitune(...args);
      expect([code, stderr]).toEqual([0, '']);
      return stdout;
    };
    for (const verb of ['train', 'evaluate', 'predict', 'methods', 'models', 'env'])
      expect(await help(verb, '--help')).toContain(`Usage: vitune ${verb} `);
    expect(await help('train', '--help')).not.toContain('--lora-rank');
    expect(await help('train', '--method', 'lora', '--help')).toMatch(/Method lora:\n +--lora-rank <n> /);
    const bare = await vitune();
    expect([bare.code, bare.stdout]).toEqual([2, '']);
    expect(bare.stderr).toMatch(/^Usage: vitune [\s\S]+To start: vitune train PICTURES[^\n]*\n$/);
  });

  it('lists methods with their options, models, and the environment', async () => {
    const list = await vitune('methods', '--json');
    expect((JSON.parse(list.stdout) as { name: string }[]).map((m) => m.name)).toEqual(methods.map((m) => m.name));
    expect((await vitune('methods', 'lora')).stdout).toContain('--lora-rank');
    expect((await vitune('models', model)).stdout).toContain('width 32, 2 blocks');
    expect(JSON.parse((await vitune('env', '--json')).stdout)).toMatchObject({
      node: process.version,
      devices: { cpu: 'works' },
    });
  });
});

describe('bad input gives one clear line and a code that is not 0:', () => {
  const refused = async (args: readonly string[], pattern: RegExp) => {
    const { code, stdout, stderr } = await vitune(...args);
    expect(code).toBeGreaterThan(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^vitune: [^\n]+\n/);
    expect(stderr).toMatch(pattern);
    expect(stderr).not.toContain('    at '); // no stack trace
    return stderr;
  };
  const train = (folder: string, ...more: string[]) => [
    'train',
    folder,
    ...quick(),
    '--out',
    join(root, 'never'),
    ...more,
  ];
  const copy = async (name: string, change: (folder: string) => Promise<unknown>) => {
    const folder = join(root, name);
    await cp(data, folder, { recursive: true });
    await change(folder);
    return folder;
  };

  it('an empty folder', async () => {
    await mkdir(join(root, 'empty'), { recursive: true });
    await refused(train(join(root, 'empty')), /holds no pictures/);
  });
  it('one class', async () => {
    const folder = await copy('one', async (f) => {
      for (const name of shapeNames.slice(1)) await rm(join(f, name), { recursive: true });
    });
    await refused(train(folder), /single class/);
  });
  it('a class with one picture', async () => {
    const folder = await copy('single', async (f) => {
      for (let i = 1; i < 12; i++) await rm(join(f, 'disc', `${i}.png`));
    });
    await refused(train(folder), /class disc has 1 picture/);
  });
  it.each([
    ['an empty file', '3.png', Buffer.alloc(0), /disc\/3\.png: is an empty file/],
    ['text', '4.jpg', Buffer.from('this is text'), /disc\/4\.jpg: can't be decoded: /],
    ['900 megapixels', '5.png', blackPng(30_000, 30_000), /disc\/5\.png: can't be decoded: .*pixel/],
    ['cut short', '6.png', Buffer.from(blackPng(64, 64).subarray(0, 60)), /disc\/6\.png: can't be decoded: /],
  ])(
    'an unreadable picture (%s), with --strict; without, it is named and skipped',
    async (kind, name, bytes, reason) => {
      const folder = await copy(`unreadable ${kind}`, (f) => writeFile(join(f, 'disc', name), bytes));
      await refused(train(folder, '--strict'), reason);
      const out = join(root, `skips ${kind}`);
      const { code, stderr } = await vitune('train', folder, ...quick(), '--epochs', '1', '--out', out);
      expect(code).toBe(0);
      expect(stderr).toContain('1 unreadable picture:');
      expect(stderr).toMatch(reason);
      const record = JSON.parse(await readFile(join(out, 'data.json'), 'utf8')) as { unreadable: { name: string }[] };
      expect(record.unreadable.map((u) => u.name)).toEqual([`disc/${name}`]);
    },
  );
  it('pictures that predict can not read', async () => {
    await writeFile(join(root, 'text.jpg'), 'this is text');
    await refused(['predict', done, join(root, 'text.jpg')], /text\.jpg: can't be decoded/);
    await refused(['predict', done, join(root, 'none.jpg')], /none\.jpg: can't be read/);
  });
  it('a missing model, or one that is no model', async () => {
    await refused(train(data, '--model', join(root, 'nowhere')), /no such folder and no built-in model/);
    await refused(train(data, '--model', data), /has no model\.safetensors, .* nor another weight file/);
    const folder = await writeTinyModel(join(root, 'noweights'));
    await rm(join(folder, 'model.safetensors'));
    await refused(train(data, '--model', folder), /has no model\.safetensors/);
    await writeFile(join(folder, 'config.json'), '{"model_type": "resnet"}');
    await refused(train(data, '--model', folder), /model_type "resnet"; known are/);
    await writeFile(join(folder, 'config.json'), '{"model_type": "vit", "hidden_size": -1, "image_size": "large"}');
    await refused(train(data, '--model', folder), /config\.json: \d fields can't be used/);
  });
  it('a truncated weight file', async () => {
    const folder = await writeTinyModel(join(root, 'cut'));
    await truncate(join(folder, 'model.safetensors'), 20_000);
    await refused(train(data, '--model', folder), /is truncated/);
  });
  it('tensors that are missing, extra or misshapen, all listed', async () => {
    const folder = await writeTinyModel(join(root, 'wrong'), {
      edit(tensors) {
        tensors.delete('layernorm.bias');
        tensors.set('surprise', { dtype: 'float32', shape: [2], data: new Float32Array(2) });
        tensors.set('layernorm.weight', { dtype: 'float32', shape: [31], data: new Float32Array(31) });
      },
    });
    const text = await refused(train(data, '--model', folder), /1 missing, 1 extra, 1 of another shape/);
    for (const line of [
      '- layernorm.bias [32]',
      '+ surprise [2]',
      '- layernorm.weight [32]',
      '+ layernorm.weight [31]',
    ])
      expect(text).toContain(line);
  });
  it('unknown names, with the nearest known one', async () => {
    await refused(train(data, '--method', 'lorra'), /"lorra" is not a known method; did you mean "lora"\?/);
    await refused(
      train(data, '--leaning-rate', '1'),
      /unknown option '--leaning-rate'; did you mean --learning-rate\?/,
    );
    await refused(['trian', data], /unknown command 'trian'; did you mean train\?/);
    await refused(
      train(data, '--method', 'linear', '--lora-rank', '4'),
      /--lora-rank belongs to method lora, but the method is linear/,
    );
  });
  it('values out of range', async () => {
    await refused(train(data, '--learning-rate', '-1'), /--learning-rate must be a number of at least 0/);
    await refused(train(data, '--epochs', '2.5'), /--epochs must be a whole number/);
    await refused(train(data, '--lora-targets', 'q,w'), /--lora-targets must be a list out of q, k, v/);
    await refused(train(data, '--image-size', '33'), /must be a multiple of the model's patch size 8, .*32 would do/);
    await refused(['train'], /needs a data folder/);
    await refused(
      ['evaluate', done],
      /missing required argument 'data'; usage: vitune evaluate \[options\] <run> <data>/,
    );
  });
  it('a device that is not there', async () => {
    await refused(train(data, '--device', 'cuda'), /--device cuda: /);
    await refused(train(data, '--device', 'abacus'), /--device <name>' argument 'abacus' is invalid/);
  });
  it('a run folder that holds another run, or none', async () => {
    await refused(['train', data, ...quick(), '--seed', '5', '--out', done], /already holds another run/);
    await refused(['train', '--resume', '--out', join(root, 'nothing')], /holds no run to resume/);
    await refused(['evaluate', join(root, 'nothing'), data], /holds no adapter_config\.json/);
  });
  it('a backbone that changed since', async () => {
    const folder = await writeTinyModel(join(root, 'other'), {
      edit(tensors) {
        tensors.set('layernorm.bias', { dtype: 'float32', shape: [32], data: new Float32Array(32).fill(9) });
      },
    });
    await refused(['evaluate', done, data, '--model', folder], /was trained on other weights/);
  });
  it('a full disk', async () => {
    const disk = join(root, 'disk');
    await mkdir(disk);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk], { stdio: 'ignore' });
    } catch {
      console.warn('skipped: making a small file system needs root');
      return;
    }
    try {
      const { code, stderr } = await vitune('train', data, ...quick(), '--method', 'full', '--out', join(disk, 'run'));
      expect(code).toBe(1);
      expect(stderr).toMatch(/vitune: [^\n]*can't be written: the disk is full; free some space/);
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('a run that is stopped', () => {
  const long = () => [
    'train',
    data,
    '--model',
    model,
    '--epochs',
    '30',
    '--batch-size',
    '4',
    '--threads',
    '1',
    '--method',
    'full',
    '--json',
  ];
  const adapter = async (folder: string) => sha256(await readFile(join(folder, 'adapter_model.safetensors')));

  it('by Ctrl-C saves, says how to resume, and ends in the same bits', async () => {
    const [whole, broken] = [join(root, 'whole'), join(root, 'broken')];
    expect((await vitune(...long(), '--out', whole)).code).toBe(0);
    const { child, finished } = start([...long().filter((a) => a !== '--json'), '--out', broken]);
    child.stderr!.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('epoch  4/30')) child.kill('SIGINT');
    });
    const { code, stderr } = await finished;
    expect(code).toBe(130);
    expect(stderr).toContain(`To go on: vitune train --resume --out ${broken}`);
    expect((await vitune('train', '--resume', '--out', broken)).code).toBe(0);
    expect(await adapter(broken)).toBe(await adapter(whole));
  });

  it('by kill -9, again and again, ends in the same bits', async () => {
    const [whole, killed] = [join(root, 'whole2'), join(root, 'killed')];
    const env = { VITUNE_SAVE_SECONDS: '0' };
    expect((await start([...long(), '--out', whole], env).finished).code).toBe(0);
    for (const delay of [350, 900, 1300]) {
      const { child, finished } = start([...long(), '--out', killed, '--resume'], env);
      setTimeout(() => child.kill('SIGKILL'), delay);
      if ((await finished).signal === null) break; // it was done before the kill
    }
    const last = await start([...long(), '--out', killed, '--resume'], env).finished;
    expect([0, 1]).toContain(last.code); // 1: this run is done
    expect(await adapter(killed)).toBe(await adapter(whole));
  });
});
