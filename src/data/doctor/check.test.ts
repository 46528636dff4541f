// The data doctor on a folder with one of everything that it should find, and nothing that it should not.
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { stream } from '../../base/rng.ts';
import { openListing } from '../sources/index.ts';
import { checkData, type DataReport } from './check.ts';
import { contactSheet } from './contact-sheet.ts';

/** A smooth picture with a few blobs: like photographs, unlike noise, it survives recompression. */
async function blobs(seed: number, width = 96, height = 80) {
  const rng = stream(seed, 'blobs');
  const part = () => `rgb(${rng.below(256)},${rng.below(256)},${rng.below(256)})`;
  const shapes = Array.from(
    { length: 6 },
    () =>
      `<ellipse cx="${rng.below(width)}" cy="${rng.below(height)}" rx="${5 + rng.below(30)}" ry="${5 + rng.below(30)}" fill="${part()}"/>`,
  );
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${part()}"/>${shapes.join('')}</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

let root: string;
let report: DataReport;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'vitune-doctor-'));
  const put = async (name: string, bytes: Uint8Array) => {
    await mkdir(join(root, name, '..'), { recursive: true });
    await writeFile(join(root, name), bytes);
  };
  let seed = 0;
  for (const split of ['train', 'test'])
    for (const name of ['cat', 'dog'])
      for (let i = 0; i < 12; i++) await put(`${split}/${name}/${i}.png`, await blobs(seed++));
  const first = await blobs(0); // train/cat/0.png
  await put('train/cat/copy.png', first);
  await put('test/cat/leak.png', await blobs(1)); // train/cat/1.png
  await put(
    'test/dog/near.jpg',
    await sharp(await blobs(13))
      .resize(120, 100)
      .jpeg({ quality: 70 })
      .toBuffer(),
  ); // train/dog/1.png
  await put(
    'train/dog/conflict.webp',
    await sharp(await blobs(2))
      .webp({ quality: 80 })
      .toBuffer(),
  ); // train/cat/2.png
  await put('train/dog/broken.png', (await blobs(99)).subarray(0, 200));
  await put('train/dog/empty.jpg', new Uint8Array());
  await put('train/dog/tiny.png', await blobs(100, 8, 9));
  await put('train/dog/long.png', await blobs(101, 400, 50));
  report = await checkData(await openListing(root));
});

const sorted = (groups: readonly (readonly string[])[]) => groups.map((group) => [...group].sort()).sort();

describe('a check', () => {
  it('counts', () => {
    expect(report.pictures).toBe(56);
    expect(report.classes).toEqual({ cat: 26, dog: 30 });
    expect(report.splits).toEqual({ train: 30, test: 26 });
    expect(report.imbalance).toBeCloseTo(30 / 26);
    expect(report.sizes).toEqual({ shortest: 8, median: 80, longest: 400 });
  });
  it('names what can not be read, and why', () => {
    expect([...report.unreadable].sort()).toEqual(['train/dog/broken.png', 'train/dog/empty.jpg']);
    expect(report.reasons['train/dog/empty.jpg']).toBe('train/dog/empty.jpg: is an empty file');
  });
  it('finds copies, exact and near, and no others', () => {
    expect(sorted(report.exact)).toEqual([
      ['test/cat/leak.png', 'train/cat/1.png'],
      ['train/cat/0.png', 'train/cat/copy.png'],
    ]);
    expect(sorted(report.duplicates)).toEqual([
      ['test/cat/leak.png', 'train/cat/1.png'],
      ['test/dog/near.jpg', 'train/dog/1.png'],
      ['train/cat/0.png', 'train/cat/copy.png'],
      ['train/cat/2.png', 'train/dog/conflict.webp'],
    ]);
  });
  it('finds those across splits, and those with different labels', () => {
    expect(sorted(report.leaks)).toEqual([
      ['test/cat/leak.png', 'train/cat/1.png'],
      ['test/dog/near.jpg', 'train/dog/1.png'],
    ]);
    expect(sorted(report.conflicts)).toEqual([['train/cat/2.png', 'train/dog/conflict.webp']]);
  });
  it('finds tiny and odd sizes', () => {
    expect(report.tiny).toEqual(['train/dog/tiny.png']);
    expect([...report.odd].sort()).toEqual(['train/dog/long.png', 'train/dog/tiny.png']);
  });
  it("finds a picture that is in two lists, and takes VTAB-1k's fourth list for what it is", async () => {
    const lists = join(root, 'lists');
    await mkdir(lists);
    for (let i = 0; i < 6; i++) await writeFile(join(lists, `${i}.png`), await blobs(200 + i));
    await writeFile(join(lists, 'train800.txt'), '0.png 0\n1.png 1\n');
    await writeFile(join(lists, 'val200.txt'), '2.png 0\n3.png 1\n');
    await writeFile(join(lists, 'train800val200.txt'), '0.png 0\n1.png 1\n2.png 0\n3.png 1\n');
    await writeFile(join(lists, 'test.txt'), '4.png 0\n5.png 1\n1.png 1\n');
    const { leaks, pictures, duplicates } = await checkData(await openListing(lists));
    expect([pictures, duplicates, leaks]).toEqual([6, [], [['1.png']]]);
  });
});

it('shows it all on one sheet, with names made harmless', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-sheet-'));
  for (const name of ['<b>', 'dog']) {
    await mkdir(join(folder, name));
    for (let i = 0; i < 3; i++) await writeFile(join(folder, name, `${i}.png`), await blobs(300 + i));
  }
  const listing = await openListing(folder);
  const report = await checkData(listing);
  const html = await contactSheet(listing, {
    ...report,
    suspicious: [{ name: 'dog/1.png', label: 'dog', suggested: '<b>', confidence: 0.914 }],
    agreement: 0.5,
    unjudged: [],
  });
  const headings = [...html.matchAll(/<h2>(.*?)<\/h2>/g)].map((match) => match[1]);
  expect(headings).toEqual([
    'Copies with different labels <small>3</small>',
    'Suspicious labels <small>1</small>',
    'Copies <small>3</small>',
    '&lt;b&gt; <small>3</small>',
    'dog <small>3</small>',
  ]);
  expect(html).toContain('<strong>dog → &lt;b&gt;? 91 %</strong>');
  expect([html.includes('<b>'), html.includes('<script'), /https?:/.test(html)]).toEqual([false, false, false]);
  expect(html.match(/data:image\/jpeg/g)!.length).toBe(6 + 1 + 6 + 6);
});
