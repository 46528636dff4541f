// vitune data and training on built-in sets, through the built command line.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonLines, start } from '../support/cli.ts';
import { writeTinyModel } from '../support/tiny.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-data-'));
});
afterAll(() => rm(root, { recursive: true }));

const vitune = (...args: string[]) => start(args, { VITUNE_CACHE: join(root, 'cache') }).finished;

it('lists and shows the built-in sets', async () => {
  const [list] = jsonLines((await vitune('data', 'list', '--json')).stdout);
  expect(list).toMatchObject({ suites: [{ name: 'mini-vtab' }] });
  expect((list!.sets as unknown[]).length).toBe(7);
  const out = join(root, 'sheet.png');
  const shown = await vitune('data', 'show', 'shapes/distance', '--out', out);
  expect([shown.code, shown.stderr]).toEqual([0, '']);
  expect(shown.stdout).toContain('6 classes: step-1, step-2');
  const { width, height } = await sharp(await readFile(out)).metadata();
  expect([width, height]).toEqual([8 * 98 - 2, 6 * 98 - 2]);
});

it('trains on a built-in set by name', async () => {
  const model = await writeTinyModel(join(root, 'tiny'));
  const flags = ['--model', model, '--epochs', '1', '--threads', '1', '--json'];
  const { code, stdout } = await vitune('train', 'shapes/location:80', ...flags, '--out', join(root, 'run'));
  expect(code).toBe(0);
  const [begun] = jsonLines(stdout).filter(({ type }) => type === 'start');
  expect(begun).toMatchObject({ spec: { data: 'shapes/location:80' }, pictures: { train: 64, val: 16, test: 1000 } });
});

it('has one line for a wrong name', async () => {
  const { code, stderr } = await vitune('data', 'show', 'shapes/cuont');
  expect([code, stderr]).toEqual([
    1,
    'vitune: data shapes/cuont: no such folder and no built-in set; did you mean "shapes/count"?\n',
  ]);
  expect((await vitune('data', 'lsit')).stderr).toBe("vitune: unknown command 'lsit'; did you mean list?\n");
});
