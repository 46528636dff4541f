// Corrupted test pictures as shifted test sets of any data set: `corruptions:DATA` is DATA with all corruptions at five
// severities beside it, `corruptions@3:DATA` at one. Pictures are changed when they are read, never before.
import sharp from 'sharp';
import { stream } from '../../base/rng.ts';
import type { Listing, Picture } from '../dataset.ts';
import { decode, type Pixels } from '../decode.ts';
import { resize } from '../resize.ts';
import { referenceSide } from './image.ts';
import { type Corruption, corruptions, type Severity, severities } from './index.ts';

export interface CorruptionsName {
  /** `corruptions@3:` as it was given. */
  readonly prefix: string;
  readonly severities: readonly Severity[];
  readonly data: string;
}

/** Reads `corruptions:DATA` and `corruptions@3:DATA`; undefined for any other name. */
export function corruptionsNamed(name: string): CorruptionsName | undefined {
  const found = /^(corruptions(?:@([1-5]))?:)(.+)$/s.exec(name);
  if (!found) return undefined;
  const [, prefix, severity, data] = found;
  const only = severities.filter((one) => severity === undefined || one === Number(severity));
  return { prefix: prefix!, severities: only, data: data! };
}

/** Raised whenever a corruption changes. */
const version = 1;

/** 224 pixels on the shorter side, as ImageNet-C's pictures, small ones enlarged: effects are as strong as they are there. */
function atReference(pixels: Pixels): Pixels {
  const factor = referenceSide / Math.min(pixels.width, pixels.height);
  return resize(pixels, Math.round(pixels.width * factor), Math.round(pixels.height * factor), 'bilinear');
}

/** The picture as a PNG after the corruption, the same every time. */
export function corruptedPicture(picture: Picture, corruption: Corruption, severity: Severity): Picture {
  const { name, label } = picture;
  return {
    name: `${corruption.name}-${severity}/${name}`,
    label,
    async read() {
      const pixels = atReference(await decode(name, await picture.read(), referenceSide));
      const rng = stream(version, 'corruption', corruption.name, name);
      const { width, height, rgb } = await corruption.apply(pixels, severity, rng);
      return sharp(rgb, { raw: { width, height, channels: 3 } })
        .png({ compressionLevel: 1 })
        .toBuffer();
    },
    stamp: async () => `corruption:${version}:${corruption.name}:${severity}:${await picture.stamp()}`,
  };
}

/** The same data; whatever is tested on is tested on under every corruption too: `gaussian-noise-1` ... `jpeg-5`. */
export function withCorruptions(listing: Listing, at: readonly Severity[]): Listing {
  const shiftsOf = (test: readonly Picture[]) =>
    new Map(
      corruptions.flatMap((corruption) =>
        at.map(
          (severity) =>
            [
              `${corruption.name}-${severity}`,
              test.map((picture) => corruptedPicture(picture, corruption, severity)),
            ] as const,
        ),
      ),
    );
  return { ...listing, name: `corruptions-${listing.name}`, shiftsOf };
}
