// Encoded picture -> 8-bit RGB, whatever the format: sharp decodes all but Netpbm, which needs no decoder; orientation is
// applied, alpha lies on white, grey, palette and CMYK become RGB, of an animation the first frame counts.
import sharp from 'sharp';
import { DataError, messageOf } from '../base/errors.ts';
import { decodeNetpbm } from '../formats/netpbm.ts';
import { drawingIn, requireSelfContained } from './drawing.ts';

/** Height x width x 3 bytes, rows from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** 100 megapixels are 300 MB decoded: more than any camera, less than a decompression bomb. */
const maxPixels = 100_000_000;
/** No picture of a classification set is near it; reading more would only cost memory. */
export const maxPictureBytes = 256 * 2 ** 20;

const white = { r: 255, g: 255, b: 255 };

/** Drawings have no pixels: the density at which the shorter side has at least `side` pixels (72 = 1 unit a pixel). */
async function svgDensity(bytes: Uint8Array, side: number): Promise<number> {
  const { width = side, height = side } = await sharp(bytes, { limitInputPixels: maxPixels }).metadata();
  return Math.min(Math.max(72, (72 * side) / Math.min(width, height)), 100_000);
}

/** Decodes a picture. `side`: pixels a drawing should have at least. Throws DataError with the reason in one line. */
export async function decode(name: string, bytes: Uint8Array, side: number): Promise<Pixels> {
  if (bytes.length === 0) throw new DataError(`${name}: is an empty file`);
  if (bytes.length > maxPictureBytes)
    throw new DataError(`${name}: is ${bytes.length} bytes long; at most ${maxPictureBytes} are read`);
  const raw = decodeNetpbm(name, bytes, maxPixels);
  if (raw) return { width: raw.width, height: raw.height, rgb: threeChannels(raw.data, raw.channels) };
  const drawing = drawingIn(bytes);
  if (drawing) requireSelfContained(name, drawing);
  try {
    const density = drawing ? { density: await svgDensity(drawing, side) } : {};
    const { data, info } = await sharp(drawing ?? bytes, {
      limitInputPixels: maxPixels,
      failOn: 'error',
      pages: 1,
      ...density,
    })
      .rotate() // by its EXIF orientation
      .flatten({ background: white })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
  } catch (cause) {
    const why = messageOf(cause)
      .replace(/^Input (buffer|file) /, 'it ')
      .replace(/^VipsJpeg: |^pngload_buffer: /, '');
    throw new DataError(`${name}: can't be decoded: ${why}`, { cause });
  }
}

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  const pixels = data.length / channels;
  const rgb = new Uint8Array(pixels * 3);
  for (let i = 0; i < pixels; i++)
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = data[i * channels + (channels > 3 ? c : 0)]!;
  return rgb;
}
