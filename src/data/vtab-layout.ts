// Writes a set in VTAB-1k's layout (Zhai et al. 2019): 1000 training pictures, of which 800 to tune on and 200 to validate, the
// set's own test pictures, and the four lists. Pictures are copied as they are; raw pixels become PNG.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import sharp from 'sharp';
import { DataError, messageOf } from '../base/errors.ts';
import { shuffled, stream } from '../base/rng.ts';
import { decodeNetpbm } from '../formats/netpbm.ts';
import type { Listing, Picture } from './dataset.ts';
import { inOrder } from './in-order.ts';
import { holdOut } from './protocols/holdout.ts';
import { byName } from './split.ts';

const trainCount = 800;
const valCount = 200;

export interface Prepared {
  readonly train800: number;
  readonly val200: number;
  readonly test: number;
}

export interface PrepareOptions {
  readonly seed: number;
  /** Share of pictures for test, where the set has no such split. */
  readonly testFraction: number;
}

/** Raw pixels as PNG, everything else as it is, with the extension that fits. */
async function fileOf({ name }: Picture, bytes: Uint8Array): Promise<{ bytes: Uint8Array; extension: string }> {
  const raw = decodeNetpbm(name, bytes, 2 ** 26);
  if (raw === undefined) return { bytes, extension: extname(name) || '.img' };
  const { width, height, channels, data } = raw;
  return { bytes: await sharp(data, { raw: { width, height, channels } }).png().toBuffer(), extension: '.png' };
}

/**
 * Draws as VTAB-1k does, at random over all training pictures and not class by class: 800 of them, or where the set has
 * a validation split of its own 800 from train and 200 from it.
 */
export function drawVtab1k(
  listing: Listing,
  { seed, testFraction }: PrepareOptions,
): Record<keyof Prepared, readonly Picture[]> {
  const { splits } = holdOut(listing, { seed, valFraction: 0, testFraction, trainCount: 0 });
  const pick = (pictures: readonly Picture[], purpose: string) =>
    shuffled([...pictures].sort(byName), stream(seed, 'vtab-1k', purpose));
  const train = pick(splits.train, 'train');
  const own = splits.val.length >= valCount;
  const [train800, val] = own
    ? [train.slice(0, trainCount), pick(splits.val, 'val').slice(0, valCount)]
    : [train.slice(0, trainCount), train.slice(trainCount, trainCount + valCount)];
  const needed = own ? trainCount : trainCount + valCount;
  if (train.length < needed)
    throw new DataError(
      `data ${listing.root}: has ${train.length} training pictures; VTAB-1k's layout needs ${needed}`,
    );
  if (splits.test.length === 0) throw new DataError(`data ${listing.root}: has no test pictures`);
  return { train800, val200: val, test: [...splits.test].sort(byName) };
}

/** Writes the layout into an empty or new folder. Throws DataError. */
export async function prepareVtab1k(listing: Listing, out: string, options: PrepareOptions): Promise<Prepared> {
  const drawn = drawVtab1k(listing, options);
  try {
    await mkdir(out, { recursive: true });
    if ((await readdir(out)).length > 0) throw new DataError(`${out}: is not empty; give a new folder`);
    const lists: Record<string, string[]> = {};
    for (const [list, pictures] of Object.entries(drawn)) {
      await mkdir(join(out, 'images', list), { recursive: true });
      const digits = String(pictures.length).length;
      const lines: string[] = [];
      const read = (picture: Picture) =>
        picture
          .read()
          .catch((cause: unknown) => new DataError(`${picture.name}: can't be read: ${messageOf(cause)}`, { cause }));
      for await (const { item, result } of inOrder(pictures, read)) {
        if (result instanceof DataError) throw result;
        const { bytes, extension } = await fileOf(item, result);
        const file = `images/${list}/${String(lines.length).padStart(digits, '0')}${extension}`;
        await writeFile(join(out, file), bytes);
        lines.push(`${file} ${item.label}`);
      }
      lists[list] = lines;
    }
    lists.train800val200 = [...lists.train800!, ...lists.val200!];
    for (const [list, lines] of Object.entries(lists))
      await writeFile(join(out, `${list}.txt`), `${lines.join('\n')}\n`);
    await writeFile(join(out, 'classnames.txt'), `${listing.classes.join('\n')}\n`);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError(`${out}: can't be written: ${messageOf(cause)}`, { cause });
  }
  return { train800: drawn.train800.length, val200: drawn.val200.length, test: drawn.test.length };
}
