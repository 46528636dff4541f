// Flat sprites on a busy ground, as dSprites (Matthey et al. 2017) has them with colour added: one sprite of varying shape,
// size, place and turn, which is the only thing filled in a tone far from the ground's.
import type { Rng } from '../../base/rng.ts';
import { between, css, drawing, fixed, pick, randomColour, side } from './svg.ts';

/** Outlines around (0, 0) within a radius of 1, drawn upright. */
export const symmetricSprites: Readonly<Record<string, string>> = {
  square: 'M-.71-.71H.71V.71H-.71Z',
  ellipse: 'M-1 0A1 .55 0 1 1 1 0A1 .55 0 1 1-1 0Z',
  triangle: 'M0-1L.87.5H-.87Z',
};
/** No turn but the full one maps these onto themselves: their orientation can be told. */
export const directedSprites: Readonly<Record<string, string>> = {
  heart: 'M0 .95C-1.4-.1-.75-1.15 0-.45C.75-1.15 1.4-.1 0 .95Z',
  drop: 'M0-1C.25-.45.65-.1.65.32A.65.65 0 1 1-.65.32C-.65-.1-.25-.45 0-1Z',
  angle: 'M-.65-.9H-.1V.35H.7V.9H-.65Z',
  pawn: 'M0-1A.36.36 0 0 1 .2-.35L.7.9H-.7L-.2-.35A.36.36 0 0 1 0-1Z',
};

export interface Placed {
  readonly x: number;
  readonly y: number;
  /** Degrees, clockwise from upright. */
  readonly turn: number;
  readonly radius: number;
}

/** Soft blotches and thin outlines: much to see, none of it filled like the sprite. */
function ground(rng: Rng, lightness: readonly [number, number]): string {
  const base = randomColour(rng, lightness);
  const blotches = Array.from({ length: 5 }, () => {
    const colour = { ...base, hue: base.hue + between(rng, -50, 50), lightness: between(rng, ...lightness) };
    const [x, y] = [between(rng, 0, side), between(rng, 0, side)];
    return `<ellipse cx="${fixed(x)}" cy="${fixed(y)}" rx="${fixed(between(rng, 15, 50))}" ry="${fixed(between(rng, 15, 50))}" fill="${css(colour)}"/>`;
  });
  const outlines = Array.from({ length: rng.below(4) }, () => {
    const shape = pick(rng, Object.values({ ...symmetricSprites, ...directedSprites }));
    const stroke = css({ ...base, lightness: between(rng, ...lightness) + 14 });
    const place = {
      x: between(rng, 8, side - 8),
      y: between(rng, 8, side - 8),
      turn: between(rng, 0, 360),
      radius: between(rng, 7, 18),
    };
    return `<path d="${shape}" transform="${transformOf(place)}" fill="none" stroke="${stroke}" stroke-width="${fixed(1.2 / place.radius)}"/>`;
  });
  return `<rect width="${side}" height="${side}" fill="${css(base)}"/>${blotches.join('')}${outlines.join('')}`;
}

const transformOf = ({ x, y, turn, radius }: Placed) =>
  `translate(${fixed(x)} ${fixed(y)}) rotate(${fixed(turn)}) scale(${fixed(radius)})`;

/** A light sprite on a dark ground or a dark one on a light ground. */
export function spriteDrawing(rng: Rng, shape: string, placed: Placed): string {
  const lightSprite = rng.uniform() < 0.5;
  const back = ground(rng, lightSprite ? [15, 40] : [60, 85]);
  const fill = css(randomColour(rng, lightSprite ? [72, 95] : [5, 28]));
  return drawing(`${back}<path d="${shape}" transform="${transformOf(placed)}" fill="${fill}"/>`);
}

/** A value inside bin `label` of `bins` over [low, high), away from the bin's edges: no picture is on the border of two classes. */
export function inBin(rng: Rng, label: number, bins: number, low: number, high: number): number {
  const width = (high - low) / bins;
  return low + (label + between(rng, 0.15, 0.85)) * width;
}
