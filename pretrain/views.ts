// Views of drawings for pre-training: every icon of the packages in package.json, on a random background, randomly cut. The
// same seed gives the same views; each is drawn from the stream of its icon and its number.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type IconSet, svgOf } from '../scripts/lib/noto.ts';
import { type Rng, stream } from '../src/base/rng.ts';
import type { Pixels } from '../src/data/decode.ts';
import { resize } from '../src/data/resize.ts';
import { crop } from '../src/data/transform.ts';

export interface Icon {
  readonly name: string;
  readonly svg: Buffer;
}

const side = 144;

const installed = fileURLToPath(new URL('node_modules/@iconify-json', import.meta.url));

/** Names of the packages in package.json, in order. */
export function packages(): string[] {
  const text = readFileSync(new URL('package.json', import.meta.url), 'utf8');
  const { dependencies } = JSON.parse(text) as { dependencies: Record<string, string> };
  return Object.keys(dependencies)
    .map((name) => name.split('/')[1]!)
    .sort();
}

export const readPackage = (name: string): IconSet =>
  JSON.parse(readFileSync(join(installed, name, 'icons.json'), 'utf8')) as IconSet;

/** All icons, in order of package and name. Variants of people by skin tone are left out: they are many and alike. */
export function loadIcons(): Icon[] {
  return packages().flatMap((name) => {
    const set = readPackage(name);
    return Object.entries(set.icons)
      .filter(([icon]) => !/(^|-)(light|medium|dark)(-|$)/.test(icon))
      .map(([icon, record]) => ({ name: `${name}/${icon}`, svg: svgOf(set, record, side) }));
  });
}

type Colour = readonly [number, number, number];

function background(rng: Rng): (x: number, y: number) => Colour {
  const kind = rng.uniform();
  const random = (): Colour => [rng.below(256), rng.below(256), rng.below(256)];
  if (kind < 0.5) return () => [255, 255, 255];
  const [a, b] = [random(), random()];
  if (kind < 0.75) return () => a;
  const angle = 2 * Math.PI * rng.uniform();
  const [dx, dy] = [Math.cos(angle) / side, Math.sin(angle) / side];
  return (x, y) => {
    const t = Math.min(1, Math.max(0, 0.5 + (x - side / 2) * dx + (y - side / 2) * dy));
    return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
  };
}

/** View `number` of an icon as square pictures of the given sides, all of the same part. */
export async function viewOf(icon: Icon, number: number, sides: readonly number[]): Promise<Pixels[]> {
  const rng = stream(0, 'view', icon.name, number);
  const rgba = await sharp(icon.svg)
    .resize(side, side, { fit: 'contain', background: '#0000' })
    .ensureAlpha()
    .raw()
    .toBuffer();
  const colourAt = background(rng);
  const mirror = rng.uniform() < 0.5;
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const from = (y * side + (mirror ? side - 1 - x : x)) * 4;
      const alpha = rgba[from + 3]! / 255;
      const behind = colourAt(x, y);
      for (let c = 0; c < 3; c++)
        rgb[(y * side + x) * 3 + c] = Math.round(alpha * rgba[from + c]! + (1 - alpha) * behind[c]!);
    }
  const cut = number === 0 ? side : Math.round(side * Math.sqrt(0.5 + 0.5 * rng.uniform()));
  const part = crop({ width: side, height: side, rgb }, rng.below(side - cut + 1), rng.below(side - cut + 1), cut, cut);
  return sides.map((s) => resize(part, s, s, 'bicubic'));
}
