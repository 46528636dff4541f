// Adapters on one backbone: load, list, switch, unload; and the way from pre-trained to tuned.
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openMultiAdapter, openTuned, train } from '../src/index.ts';
import { writePictures, writeTinyModel } from './support/tiny.ts';

let root: string;
let data: string;
const folder = (name: string) => join(root, name);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-multi-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
  data = await writePictures(join(root, 'shapes'), 10);
  const model = await writeTinyModel(join(root, 'tiny'));
  const common = { data, model, epochs: 2, batchSize: 8, learningRate: 1e-2, threads: 1 };
  for (const [name, own] of Object.entries({
    a: { method: 'lora' },
    b: { method: 'lora', seed: 1 },
    c: { method: 'bitfit+vpt-deep' },
  }))
    await train({ ...common, ...own, out: folder(name) }).result();
});

const picture = async () => ({ name: '0.png', bytes: await readFile(join(data, 'disc', '0.png')) });

it('loads, lists, switches and unloads adapters', async () => {
  const multi = await openMultiAdapter({ threads: 1 });
  for (const name of ['a', 'b', 'c']) await multi.load(name, folder(name));
  expect(multi.list().map(({ name, method }) => [name, method])).toEqual([
    ['a', 'lora'],
    ['b', 'lora'],
    ['c', 'bitfit+vpt-deep'],
  ]);
  const one = await picture();
  for (const name of ['c', 'a', 'b', 'a']) {
    const alone = await openTuned(folder(name), { threads: 1 });
    expect(await multi.use(name).predict([one])).toEqual(await alone.predict([one]));
    await alone.dispose();
  }
  await multi.unload('a'); // b shares its graph and goes on
  expect((await multi.use('b').predict([one]))[0]!.classes.length).toBe(3);
  expect(() => multi.use('a')).toThrow('"a" is not a known adapter');
  await expect(multi.load('b', folder('c'))).rejects.toThrow('adapter b: is loaded already');
  await multi.dispose();
  expect(multi.list()).toEqual([]);
});

it.each(['a', 'c'])('goes from the pre-trained network to the tuned one (%s)', async (name) => {
  const one = await picture();
  const at = async (wiseAlpha: number | undefined) => {
    const tuned = await openTuned(folder(name), { threads: 1, wiseAlpha });
    const [prediction] = await tuned.predict([one]);
    await tuned.dispose();
    return prediction!.classes.toSorted((x, y) => x.name.localeCompare(y.name)).map((c) => c.probability);
  };
  const [start, middle, end, tuned] = [await at(0), await at(0.5), await at(1), await at(undefined)];
  expect(end).toEqual(tuned);
  expect(start).not.toEqual(end);
  expect(middle).not.toEqual(start);
  await expect(openTuned(folder(name), { wiseAlpha: 1.5 })).rejects.toThrow(
    'wiseAlpha must be a number from 0 (pre-trained) to 1 (tuned), got 1.5',
  );
});
