// Pictures of noise in class folders. What they show doesn't matter; how many and how large they are does.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { stream } from '../../src/base/rng.ts';

export interface PictureOptions {
  readonly count: number;
  /** Pixels. */
  readonly side: number;
  readonly classes: number;
}

/** Writes <folder>/<class>/<i>.png, no two alike. */
export async function writePictures(folder: string, { count, side, classes }: PictureOptions): Promise<string> {
  for (let label = 0; label < classes; label++) await mkdir(join(folder, `class-${label}`), { recursive: true });
  const rng = stream(0, 'bench', 'pictures');
  const rgb = Buffer.from(Uint8Array.from({ length: side * side * 3 }, () => rng.below(256)));
  for (let i = 0; i < count; i++) {
    rgb.writeUInt32LE(i, 0);
    const png = await sharp(rgb, { raw: { width: side, height: side, channels: 3 } })
      .png({ compressionLevel: 1 })
      .toBuffer();
    await writeFile(join(folder, `class-${i % classes}`, `${i}.png`), png);
  }
  return folder;
}
