// Every source on real files that Python's own tools made and read (scripts/fixtures/sources.py): counts, classes, labels,
// pixels, splits, and the wrong files that are refused in one line.
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openDataset } from '../../src/data/open.ts';
import { openListing, sources } from '../../src/data/sources/index.ts';
import { contentsOf, namesOf } from '../support/openers.ts';

const fixtures = fileURLToPath(new URL('../fixtures/sources', import.meta.url));

interface Expected {
  readonly classes: readonly string[];
  readonly parts: Readonly<Record<string, readonly [string, string][]>>;
}
const expected = JSON.parse(await readFile(join(fixtures, 'expected.json'), 'utf8')) as Record<string, Expected>;

/** Set -> the source that reads it. */
const sets: Readonly<Record<string, string>> = {
  'image-folder': 'image-folder',
  'metadata-csv': 'metadata',
  'metadata-jsonl': 'metadata',
  'metadata-parquet': 'metadata',
  'metadata-tsv': 'metadata',
  parquet: 'parquet',
  'text-list': 'text-list',
  idx: 'idx',
  'cifar-binary': 'cifar-binary',
  'cifar-100-binary': 'cifar-binary',
  'cifar-python': 'cifar-python',
  webdataset: 'webdataset',
};

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-sources-'));
  process.env.VITUNE_CACHE = join(root, 'cache');
});

it('covers every source', () => {
  // Domains and joined sets have no Python counterpart; they are tested below.
  const own = ['domain-folders', 'joined'];
  expect([...new Set([...Object.values(sets), ...own])].sort()).toEqual(sources.map(({ name }) => name).sort());
});

const sorted = (rows: readonly (readonly [string, string])[]) => rows.map((row) => row.join(' ')).sort();

describe.each(Object.entries(sets))('%s', (set, source) => {
  const path = join(fixtures, set);
  const options = { seed: 0, valFraction: 0.15, testFraction: 0.15, trainCount: 0 };

  it('is recognised and holds what Python reads: classes, labels, pixels', async () => {
    const listing = await openListing(path);
    const { classes, parts } = expected[set]!;
    expect(listing.classes).toEqual(classes);
    const contents = await contentsOf(listing);
    expect(Object.keys(contents).sort()).toEqual(Object.keys(parts).sort());
    for (const [part, rows] of Object.entries(contents)) expect(sorted(rows)).toEqual(sorted(parts[part]!));
  });

  it(`is the same by --source ${source}`, async () => {
    const [named, recognised] = [await openListing(path, { source }), await openListing(path)];
    const plain = ({ parts }: typeof named) =>
      [...parts].map(([part, pictures]) => [part, pictures.map(({ name, label }) => [name, label])]);
    expect(plain(named)).toEqual(plain(recognised));
  });

  it('gives names once in a part, relative, with slashes; stamps that differ and stay', async () => {
    const { parts } = await openListing(path);
    for (const pictures of parts.values()) {
      expect(new Set(namesOf(pictures)).size).toBe(pictures.length);
      for (const name of namesOf(pictures)) expect(name).toMatch(/^[^/\\]/);
      const stamps = await Promise.all(pictures.map((picture) => picture.stamp()));
      expect(new Set(stamps).size).toBe(stamps.length);
      expect(await Promise.all(pictures.map((picture) => picture.stamp()))).toEqual(stamps);
    }
  });

  it('reads in any order, again and again, the same', async () => {
    const { parts } = await openListing(path);
    const pictures = [...parts.values()].flat();
    const forwards = await Promise.all(pictures.map((picture) => picture.read()));
    for (let i = pictures.length - 1; i >= 0; i--) expect(await pictures[i]!.read()).toEqual(forwards[i]);
  });

  it('keeps its own splits, alike every time', async () => {
    // CIFAR and IDX have no validation set; of one or two pictures a class none is cut.
    const own = { ...options, valFraction: set.includes('cifar') ? 0 : 0.3 };
    const [a, b] = [await openDataset(path, own), await openDataset(path, own)];
    const names = (d: typeof a) => Object.values(d.splits).map(namesOf);
    expect(names(a)).toEqual(names(b));
    expect(a.splits.test.length).toBe(expected[set]!.parts.test!.length);
    expect(a.splitRule).toMatch(new RegExp(`^${(await openListing(path)).rule}`));
  });
});

describe('a set without splits', () => {
  const options = { seed: 3, valFraction: 0.2, testFraction: 0.3, trainCount: 0 };
  it('is cut the same way whatever its layout, as the cut goes by names', async () => {
    const folder = join(root, 'cut');
    const names = Array.from({ length: 20 }, (_, i) => `${i % 2}/${i}.png`);
    const picture = await readFile(join(fixtures, 'text-list/images/test/0 3.png'));
    for (const name of names) {
      await mkdir(join(folder, name[0]!), { recursive: true });
      await writeFile(join(folder, name), picture);
    }
    const asFolder = await openDataset(folder, options);
    await writeFile(join(folder, 'list.txt'), names.map((name) => `${name} ${name[0]}\n`).join(''));
    await writeFile(
      join(folder, 'table.csv'),
      `file_name,label\n${names.map((name) => `${name},${name[0]}\n`).join('')}`,
    );
    for (const file of ['list.txt', 'table.csv']) {
      const { splits } = await openDataset(join(folder, file), options);
      for (const split of ['train', 'val', 'test'] as const)
        expect(namesOf(splits[split])).toEqual(namesOf(asFolder.splits[split]));
    }
  });
});

describe('joined sets and domains', () => {
  const joined = async (name: string, sets: readonly object[]) => {
    const path = join(root, `${name}.json`);
    await writeFile(path, JSON.stringify({ join: sets }));
    return path;
  };

  it('of different kinds are one, classes matched by name', async () => {
    const path = await joined('two', [
      { data: join(fixtures, 'parquet') },
      { data: join(fixtures, 'metadata-csv'), source: 'metadata' },
      { data: join(fixtures, 'image-folder/test'), part: 'photos' },
    ]);
    const listing = await openListing(path);
    expect(listing.classes).toEqual(['apple', 'bee', "cat's eye"]);
    const counts = Object.fromEntries([...listing.parts].map(([part, { length }]) => [part, length]));
    expect(counts).toEqual({ train: 12, val: 6, test: 6, photos: 3 });
    const { train, photos } = await contentsOf(listing);
    const rows = [...expected.parquet!.parts.train!, ...expected['metadata-csv']!.parts.train!];
    expect(sorted(train!)).toEqual(sorted(rows));
    expect(sorted(photos!)).toEqual(sorted(expected['image-folder']!.parts.test!));
  });

  it('map a part of the classes, however they are written', async () => {
    const subset = join(root, 'subset');
    await cp(join(fixtures, 'image-folder/test/bee'), join(subset, 'Bee'), { recursive: true });
    await cp(join(fixtures, "image-folder/test/cat's eye"), join(subset, 'cat_s_eye'), { recursive: true });
    const path = await joined('part', [{ data: join(fixtures, 'image-folder') }, { data: subset, part: 'shifted' }]);
    const { parts } = await openListing(path);
    expect(
      parts
        .get('shifted')!
        .map(({ label }) => label)
        .sort(),
    ).toEqual([1, 2]);
  });

  it('are domains when the robustness protocol asks', async () => {
    const folder = join(root, 'domains');
    await cp(join(fixtures, 'image-folder/train'), join(folder, 'photo'), { recursive: true });
    await cp(join(fixtures, 'image-folder/test'), join(folder, 'sketch'), { recursive: true });
    await rm(join(folder, 'sketch/apple'), { recursive: true });
    const { splits, shifts, classes } = await openDataset(folder, {
      seed: 0,
      valFraction: 0,
      testFraction: 0.5,
      trainCount: 0,
      protocol: { name: 'robustness', options: { train: 'photo' } },
    });
    expect([classes.length, splits.train.length, splits.test.length]).toEqual([3, 3, 3]);
    expect(shifts.get('sketch')!.map(({ label }) => label)).toEqual([1, 2]);
  });
});

describe('wrong data is refused in one line:', () => {
  let made = 0;
  /** A copy of a fixture, changed. */
  const broken = async (set: string, change: (folder: string) => Promise<unknown>): Promise<string> => {
    const folder = join(root, `broken-${made++}`);
    await cp(join(fixtures, set), folder, { recursive: true });
    await change(folder);
    return folder;
  };
  const edit = async (path: string, from: string | RegExp, to: string) =>
    writeFile(path, (await readFile(path, 'utf8')).replace(from, to));
  const refused = async (path: string, pattern: RegExp, source?: string) => {
    const error = await openListing(path, { source }).then(
      () => new Error('no error'),
      (e: Error) => e,
    );
    expect([error.name, error.message]).toEqual(['DataError', expect.stringMatching(pattern)]);
    expect(error.message).not.toContain('\n');
  };

  it('labels out of range', async () => {
    const list = await broken('text-list', (f) => edit(join(f, 'test.txt'), / 2\n/, ' 3\n'));
    await refused(list, /label 3 is out of range; there are 3 class names, so labels go from 0 to 2/);
    const negative = await broken('text-list', async (f) => {
      await rm(join(f, 'classnames.txt'));
      await edit(join(f, 'test.txt'), / 2\n/, ' -1\n');
    });
    await refused(negative, /label -1 is out of range; labels begin at 0/);
    const cifar = await broken('cifar-binary', (f) => writeFile(join(f, 'batches.meta.txt'), 'a\nb\n'));
    await refused(cifar, /label 9 is out of range/);
  });

  it('labels that are no class name', async () => {
    const table = await broken('metadata-tsv', (f) => edit(join(f, 'metadata.tsv'), /\t2\t/, '\tdragonfly\t'));
    await refused(table, /label dragonfly is none of the 3 class names/);
  });

  it('missing files', async () => {
    const list = await broken('text-list', (f) => rm(join(f, 'images/test'), { recursive: true }));
    await refused(list, /lists 3 files that aren't there, first images\/test\/0 3\.png/);
    const table = await broken('metadata-csv', (f) => rm(join(f, 'test/1-3.png')));
    await refused(table, /lists 1 file that isn't there, first test\/1-3\.png/);
  });

  it('different class lists in splits', async () => {
    await refused(
      await broken('image-folder', (f) => cp(join(f, 'val/bee'), join(f, 'test/wasp'), { recursive: true })),
      /the classes of test\/ are not those of train\//,
    );
    const table = await broken('metadata-csv', (f) => edit(join(f, 'test/metadata.csv'), 'bee', 'wasp'));
    await refused(table, /test has classes that train doesn't have/);
    const names = await broken('parquet', (f) => writeFile(join(f, 'classnames.txt'), 'a\nb\nc\n'));
    await refused(names, /names other classes than/);
  });

  it('truncated and foreign IDX files', async () => {
    const raw = (f: string) => join(f, 'MNIST/raw');
    const cut = await broken('idx', (f) => truncate(join(raw(f), 't10k-images-idx3-ubyte'), 1000));
    await refused(cut, /t10k-images-idx3-ubyte is 1000 bytes long but announces 2368; it was cut off/);
    const zip = await broken('idx', (f) => truncate(join(raw(f), 'train-images-idx3-ubyte.gz'), 100));
    await refused(zip, /train-images-idx3-ubyte\.gz can't be unpacked/);
    const other = await broken('idx', (f) => writeFile(join(raw(f), 't10k-images-idx3-ubyte'), 'no pictures'));
    await refused(other, /is no IDX file/);
    const alone = await broken('idx', (f) => rm(join(raw(f), 't10k-labels-idx1-ubyte')));
    await refused(alone, /t10k-images-idx3-ubyte has no labels file/);
  });

  it('truncated CIFAR batches', async () => {
    const cut = await broken('cifar-binary', (f) => truncate(join(f, 'test_batch.bin'), 5000));
    await refused(cut, /test_batch\.bin is 5000 bytes long, no multiple of 3073; it was cut off/);
  });

  it('pickles with code in them, and batches that are none', async () => {
    // protocol 2: os.system('echo') as pickle.dumps writes an object whose __reduce__ says so
    const code = Buffer.from('\x80\x02cposix\nsystem\nX\x04\x00\x00\x00echo\x85R.', 'latin1');
    const batch = (f: string) => join(f, 'cifar-10-batches-py/test_batch');
    const hostile = await broken('cifar-python', (f) => writeFile(batch(f), code));
    await refused(hostile, /test_batch: can't be unpacked: .*posix\.system/);
    const cut = await broken('cifar-python', (f) => truncate(batch(f), 3000));
    await refused(cut, /test_batch: can't be unpacked: /);
    const meta = await broken('cifar-python', (f) => writeFile(join(f, 'cifar-10-batches-py/batches.meta'), code));
    await refused(meta, /batches\.meta: .*posix\.system/);
  });

  it('bad tar archives', async () => {
    const shard = (f: string) => join(f, 'train-000001.tar');
    await refused(await broken('webdataset', (f) => truncate(shard(f), 1100)), /train-000001\.tar: ends inside /);
    const noise = await broken('webdataset', (f) => writeFile(shard(f), Buffer.alloc(2048, 'x')));
    await refused(noise, /is no tar archive, or a damaged one/);
    const unlabelled = await broken('webdataset', async (f) => {
      const bytes = await readFile(shard(f));
      // The label's name in the archive becomes another kind of file; the checksum is corrected.
      const at = bytes.indexOf('.cls');
      expect(at).toBeGreaterThan(0);
      bytes.write('.clx', at);
      const header = at - (at % 512);
      if (bytes[header + 156] === 0x30) {
        const sum = Number.parseInt(bytes.toString('latin1', header + 148, header + 154), 8) + 5;
        bytes.write(sum.toString(8).padStart(6, '0'), header + 148);
      }
      await writeFile(shard(f), bytes);
    });
    await refused(unlabelled, /has a picture but no label/);
  });

  it('damaged Parquet files', async () => {
    const file = 'data/train-00000-of-00001.parquet';
    await refused(await broken('parquet', (f) => truncate(join(f, file), 300)), /is no Parquet file that can be read/);
    await refused(
      await broken('parquet', (f) => appendFile(join(f, file), 'xx')),
      /is no Parquet file that can be read/,
    );
  });

  it('paths that lead out', async () => {
    for (const way of ['../secret.png', '/etc/passwd', 'images/../../secret.png']) {
      const list = await broken('text-list', (f) => appendFile(join(f, 'test.txt'), `${way} 0\n`));
      await refused(list, /leads out of the data's folder; list files inside of it/);
    }
    const link = await broken('text-list', async (f) => {
      await symlink('/etc/hostname', join(f, 'images/link.png'));
      await appendFile(join(f, 'test.txt'), 'images/link.png 0\n');
    });
    await refused(link, /images\/link\.png is a link that leads out of the data's folder/);
  });

  it('lists and tables that are none', async () => {
    await refused(
      await broken('text-list', (f) => appendFile(join(f, 'test.txt'), 'oneword\n')),
      /test\.txt line 4: must be `path label`, got "oneword"/,
    );
    const endless = await broken('text-list', (f) => writeFile(join(f, 'val200.txt'), 'x'.repeat(20_000)));
    await refused(endless, /val200\.txt: line 1 has more than 8192 characters/);
    const twice = await broken('text-list', (f) => appendFile(join(f, 'test.txt'), 'images/test/0 3.png 0\n'));
    await refused(twice, /images\/test\/0 3\.png comes twice in test/);
    await refused(
      await broken('metadata-csv', (f) => edit(join(f, 'train/metadata.csv'), 'label', 'mark')),
      /has no column for the label \(label or labels\); its columns are file_name, mark, note/,
    );
    await refused(
      await broken('metadata-csv', (f) => appendFile(join(f, 'train/metadata.csv'), 'a,"b\n')),
      /train\/metadata\.csv: can't be read: /,
    );
    await refused(
      await broken('metadata-jsonl', (f) => appendFile(join(f, 'train/metadata.jsonl'), '{"file_name":\n')),
      /train\/metadata\.jsonl: can't be read: line 7 is not JSON/,
    );
  });

  it('a source that does not fit, and manifests that are wrong', async () => {
    for (const [source, pattern] of [
      ['idx', /holds no IDX files/],
      ['cifar-binary', /holds no binary CIFAR/],
      ['cifar-python', /holds no pickled CIFAR/],
      ['webdataset', /holds no \.tar shards/],
      ['text-list', /holds no lists/],
      ['metadata', /holds no table/],
      ['parquet', /lists no pictures/],
    ] as const)
      await refused(join(fixtures, 'image-folder'), pattern, source);
    const path = join(root, 'wrong.json');
    await writeFile(path, '{"join": [{"path": "x"}]}');
    await refused(path, /join\.0/);
    await writeFile(path, '{"join": [{"data": "wrong.json"}]}');
    await refused(path, /joins wrong\.json, a joined set; name its sets here instead/);
    await expect(openListing(fixtures, { source: 'imagefolder' })).rejects.toThrow('did you mean "image-folder"');
  });
});
