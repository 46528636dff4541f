// A small copy of a picture for a page: whole, inside a square, without anything that the file holds beside its pixels.
import sharp from 'sharp';
import { decode } from './decode.ts';

/** A WebP of at most `side` pixels a side, in the picture's proportions. Throws DataError for one that can't be decoded. */
export async function thumbnail(name: string, bytes: Uint8Array, side: number): Promise<Uint8Array> {
  const { width, height, rgb } = await decode(name, bytes, side);
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: 82 })
    .toBuffer();
}
