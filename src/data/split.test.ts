import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../base/identity.ts';
import { openDataset } from './open.ts';

const options = { seed: 0, valFraction: 0.15, testFraction: 0.15, trainCount: 0 };

/** A folder with empty files of these names; only names matter to a split. */
async function folderOf(names: readonly string[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'vitune-data-'));
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), 'x');
  }
  return root;
}

const numbered = (folder: string, count: number) => Array.from({ length: count }, (_, i) => `${folder}/${i}.png`);
const names = (pictures: readonly { readonly name: string }[]) => pictures.map(({ name }) => name);
const failure = (names: readonly string[], change: Partial<typeof options> = {}) =>
  folderOf(names).then((root) =>
    openDataset(root, { ...options, ...change }).then(
      () => ({ message: 'no error', lines: [] as readonly string[] }),
      (error: { message: string; lines: readonly string[] }) => ({
        message: error.message.replaceAll(root, 'ROOT'),
        lines: error.lines,
      }),
    ),
  );

describe('a folder of class folders', () => {
  it('is split in proportion, every picture once', async () => {
    const root = await folderOf([...numbered('cat', 40), ...numbered('dog', 20), ...numbered('emu', 4)]);
    const { classes, splits } = await openDataset(root, options);
    expect(classes).toEqual(['cat', 'dog', 'emu']);
    const all = [...splits.train, ...splits.val, ...splits.test];
    expect(new Set(names(all)).size).toBe(64);
    expect([splits.train.length, splits.val.length, splits.test.length]).toEqual([44, 10, 10]);
    for (const split of Object.values(splits)) expect(new Set(split.map((p) => p.label)).size).toBe(3);
  });

  it('is split alike on every machine, and otherwise by another seed', async () => {
    const files = [...numbered('a', 20), ...numbered('b', 20)];
    const test = async (seed: number) =>
      names((await openDataset(await folderOf(files), { ...options, seed })).splits.test);
    expect(sha256((await test(0)).join())).toMatchInlineSnapshot(
      `"2fb6bb007be5f26873544932bdf5594a2d5b2bcf4d58e6615458952c85812ba2"`,
    );
    expect(await test(0)).toEqual(await test(0));
    expect(await test(1)).not.toEqual(await test(0));
  });

  it('takes a number of training pictures, the rest for test', async () => {
    const root = await folderOf([...numbered('a', 30), ...numbered('b', 30)]);
    const { splits } = await openDataset(root, { ...options, trainCount: 40, valFraction: 0 });
    expect([splits.train.length, splits.val.length, splits.test.length]).toEqual([40, 0, 20]);
  });

  it('keeps train/ and test/ and takes validation from train/', async () => {
    const root = await folderOf(
      ['train', 'test'].flatMap((split) => ['a', 'b'].flatMap((c) => numbered(`${split}/${c}`, 10))),
    );
    const { splits } = await openDataset(root, options);
    expect([splits.train.length, splits.val.length, splits.test.length]).toEqual([17, 3, 20]);
    expect(splits.test.every(({ name }) => name.startsWith('test/'))).toBe(true);
  });

  it('leaves out hidden and foreign files, and goes into folders below a class', async () => {
    const root = await folderOf([
      'a/1.png',
      'a/deep/2.JPG',
      'a/.hidden.png',
      'a/notes.txt',
      'b/1.webp',
      'b/2.svg',
      '.git/x/1.png',
    ]);
    const { classes, splits } = await openDataset(root, { ...options, valFraction: 0, testFraction: 0 });
    expect([classes, names(splits.train)]).toEqual([
      ['a', 'b'],
      ['a/1.png', 'a/deep/2.JPG', 'b/1.webp', 'b/2.svg'],
    ]);
  });
});

describe('on the way through folders', () => {
  const open = async (root: string) => {
    const warnings: string[] = [];
    const onWarning = (line: string) => void warnings.push(line.replaceAll(root, 'ROOT'));
    return { ...(await openDataset(root, { ...options, valFraction: 0, testFraction: 0, onWarning })), warnings };
  };

  it('follows links inside, and says which others it left out', async () => {
    const elsewhere = await folderOf(['secret.png']);
    const root = await folderOf(['a/1.png', 'b/1.png', 'b/2.png']);
    await symlink('../b/1.png', join(root, 'a', 'inside.png'));
    await symlink(join(elsewhere, 'secret.png'), join(root, 'a', 'outside.png'));
    await symlink('nothing.png', join(root, 'a', 'broken.png'));
    await symlink('..', join(root, 'b', 'up'));
    const { splits, warnings } = await open(root);
    expect(names(splits.train)).toEqual(['a/1.png', 'a/inside.png', 'b/1.png', 'b/2.png']);
    expect(warnings).toEqual([
      expect.stringMatching(/^data ROOT: left out 3 symbolic links .*, first a\/(broken|outside)\.png; /),
    ]);
  });

  it('takes a root that is a link, and a class that is called train', async () => {
    const root = await folderOf(['train/1.png', 'tram/1.png']);
    const link = `${root}-link`;
    await symlink(root, link);
    const { classes, splits, warnings } = await open(link);
    expect([classes, names(splits.train), warnings]).toEqual([['train', 'tram'], ['train/1.png', 'tram/1.png'], []]);
  });

  it('leaves pipes alone: reading one would never end', async () => {
    const root = await folderOf(['a/1.png', 'b/1.png']);
    execFileSync('mkfifo', [join(root, 'a', 'pipe.png')]);
    expect(names((await open(root)).splits.train)).toEqual(['a/1.png', 'b/1.png']);
  });
});

describe('data that can not be used is refused in one line:', () => {
  it.each([
    ['an empty folder', [], {}, /^data ROOT: holds no pictures/],
    ['pictures outside class folders', ['1.png', '2.png'], {}, /^data ROOT: holds no pictures/],
    ['one class', numbered('cat', 5), {}, /the single class cat; classification needs at least two/],
    ['an empty class', [...numbered('cat', 5), 'dog/readme.txt'], {}, /class dog holds no pictures/],
    [
      'a class with one picture',
      [...numbered('cat', 5), 'dog/1.png'],
      {},
      /class dog has 1 picture; splitting off test and validation pictures needs at least 3 a class/,
    ],
    [
      'too many training pictures',
      [...numbered('a', 5), ...numbered('b', 5)],
      { trainCount: 10 },
      /has 10 pictures; 10 for training leave none for test/,
    ],
    [
      'a class with two pictures, for three splits',
      [...numbered('cat', 5), ...numbered('dog', 2)],
      {},
      /class dog has 2 pictures; splitting off test and validation pictures needs at least 3 a class/,
    ],
    [
      'too few training pictures',
      [...numbered('a', 5), ...numbered('b', 5)],
      { trainCount: 3 },
      /3 pictures for training and validation are too few for 2 classes; give at least 4/,
    ],
    [
      'splits beside classes',
      ['train/a/1.png', 'train/b/1.png', 'test/a/1.png', 'test/b/1.png', 'docs/1.png'],
      {},
      /has test\/, train\/ beside docs\/; move what is no split elsewhere/,
    ],
    [
      'more training pictures than the split has',
      [...numbered('train/a', 5), ...numbered('train/b', 5), ...numbered('test/a', 2), ...numbered('test/b', 2)],
      { trainCount: 11 },
      /has 10 pictures for training; 11 were asked for/,
    ],
    ['val without train', [...numbered('val/a', 5), ...numbered('val/b', 5)], {}, /no train folder/],
  ])('%s', async (_, files, change, pattern) => {
    const { message } = await failure(files, change);
    expect(message).toMatch(pattern);
    expect(message).not.toContain('\n');
  });

  it('different classes in the splits, with the differences', async () => {
    const { message, lines } = await failure([
      ...numbered('train/a', 4),
      ...numbered('train/b', 4),
      ...numbered('test/a', 4),
      ...numbered('test/c', 4),
    ]);
    expect(message).toMatch(/the classes of test\/ are not those of train\//);
    expect(lines).toEqual(['- b', '+ c']);
  });

  it('a path that is not there, or a file', async () => {
    await expect(openDataset('/nowhere/at/all', options)).rejects.toThrow('no such folder');
    const root = await folderOf(['a.bin']);
    const file = join(root, 'a.bin');
    await expect(openDataset(file, options)).rejects.toThrow(/is a file of a kind that isn't known; .* with --source/);
    await expect(openDataset(file, { ...options, source: 'image-folder' })).rejects.toThrow('is a file; give a folder');
  });
});
