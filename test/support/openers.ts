// What tests of sources share: parts of a listing as comparable records.
import { createHash } from 'node:crypto';
import type { Listing, Picture } from '../../src/data/dataset.ts';
import { decode } from '../../src/data/decode.ts';

/** Hex SHA-256 of a picture's RGB bytes. */
export async function pixelHash(picture: Picture): Promise<string> {
  const { rgb } = await decode(picture.name, await picture.read(), 1);
  return createHash('sha256').update(rgb).digest('hex');
}

/** Class name and pixels of every picture, by part. */
export async function contentsOf({ parts, classes }: Listing): Promise<Record<string, [string, string][]>> {
  const out: Record<string, [string, string][]> = {};
  for (const [part, pictures] of parts) {
    out[part] = [];
    for (const picture of pictures) out[part].push([classes[picture.label]!, await pixelHash(picture)]);
  }
  return out;
}

export const namesOf = (pictures: readonly Picture[]): string[] => pictures.map(({ name }) => name);
