// Many pictures on one: rows of equal tiles, for a look at a data set.
import sharp from 'sharp';
import type { Picture } from './dataset.ts';
import { decode } from './decode.ts';
import { transform } from './transform.ts';

export interface SheetOptions {
  readonly columns: number;
  /** Side of a tile, pixels. */
  readonly side: number;
}

const gap = 2;

/** The pictures as one PNG, row by row, each shrunk to a square. Throws DataError for one that can't be decoded. */
export async function contactSheet(pictures: readonly Picture[], { columns, side }: SheetOptions): Promise<Buffer> {
  const tiles = await Promise.all(
    pictures.map(async (picture, i) => {
      const pixels = await decode(picture.name, await picture.read(), side);
      const rgb = transform(pixels, {
        imageSize: [side, side],
        resize: 'shortest',
        resizeTo: side,
        interpolation: 'bilinear',
      });
      return {
        input: Buffer.from(rgb),
        raw: { width: side, height: side, channels: 3 as const },
        left: (i % columns) * (side + gap),
        top: Math.floor(i / columns) * (side + gap),
      };
    }),
  );
  const rows = Math.ceil(pictures.length / columns);
  const size = { width: columns * (side + gap) - gap, height: Math.max(1, rows * (side + gap) - gap) };
  return sharp({ create: { ...size, channels: 3, background: '#fff' } })
    .composite(tiles)
    .png({ compressionLevel: 9, palette: true, effort: 10 })
    .toBuffer();
}
