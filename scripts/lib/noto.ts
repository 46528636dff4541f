// Noto's emoji as a folder of class folders: the pictures of the demo and of the tests. Drawings come from the npm package
// @iconify-json/noto (Apache-2.0) and are rendered by sharp on white.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

export interface IconSet {
  readonly width?: number;
  readonly height?: number;
  readonly icons: Readonly<
    Record<string, { readonly body: string; readonly width?: number; readonly height?: number }>
  >;
}
interface IconMetadata {
  readonly categories: Readonly<Record<string, readonly string[]>>;
}

/** The seven classes, as folder names; Noto's two other categories (people, flags) are left out. */
export const notoClasses: Readonly<Record<string, string>> = {
  'Animals & Nature': 'animals-nature',
  'Food & Drink': 'food-drink',
  'Travel & Places': 'travel-places',
  'Smileys & Emotion': 'smileys-emotion',
  Activities: 'activities',
  Objects: 'objects',
  Symbols: 'symbols',
};

/** An icon's body as a drawing of `side` x `side` pixels. */
export function svgOf(set: IconSet, icon: IconSet['icons'][string], side: number): Buffer {
  const width = icon.width ?? set.width ?? 16;
  const height = icon.height ?? set.height ?? 16;
  const body = icon.body.replaceAll('currentColor', '#000');
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${width} ${height}" width="${side}" height="${side}">${body}</svg>`,
  );
}

/** Noto's drawings, and the names in each of its categories. */
export async function readNoto(): Promise<{ set: IconSet } & IconMetadata> {
  const root = dirname(createRequire(import.meta.url).resolve('@iconify-json/noto/package.json'));
  const set = JSON.parse(await readFile(join(root, 'icons.json'), 'utf8')) as IconSet;
  const { categories } = JSON.parse(await readFile(join(root, 'metadata.json'), 'utf8')) as IconMetadata;
  return { set, categories };
}

/** Writes <folder>/<class>/<emoji>.png of `side` pixels, at most `perClass` of each; returns how many. */
export async function renderNoto(folder: string, side: number, perClass = Number.POSITIVE_INFINITY): Promise<number> {
  const { set, categories } = await readNoto();
  let written = 0;
  for (const [category, name] of Object.entries(notoClasses)) {
    await mkdir(join(folder, name), { recursive: true });
    const drawn = (categories[category] ?? []).filter((emoji) => set.icons[emoji] !== undefined);
    for (const emoji of drawn.slice(0, perClass)) {
      const icon = set.icons[emoji]!;
      const png = await sharp(svgOf(set, icon, side))
        .flatten({ background: '#fff' })
        .resize(side, side, { fit: 'contain', background: '#fff' })
        .png()
        .toBuffer();
      await writeFile(join(folder, name, `${emoji}.png`), png);
      written++;
    }
  }
  return written;
}
