// SVG text from numbers: two decimals (a hundredth of a pixel at the drawings' own size), so that a drawing's bytes don't
// depend on the last bits of a sine.
import type { Rng } from '../../base/rng.ts';

/** Side of every drawing in user units; the decoder draws it at least as large as the model's input. */
export const side = 128;

export const fixed = (x: number): string => String(Number(x.toFixed(2)) || 0);

export const drawing = (body: string, defs = ''): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" width="${side}" height="${side}">${defs && `<defs>${defs}</defs>`}${body}</svg>`;

/** Uniform in [low, high). */
export const between = (rng: Rng, low: number, high: number): number => low + (high - low) * rng.uniform();

export const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.below(items.length)]!;

/** Hue in degrees, saturation and lightness in percent. */
export interface Colour {
  readonly hue: number;
  readonly saturation: number;
  readonly lightness: number;
}

export const css = ({ hue, saturation, lightness }: Colour): string =>
  `hsl(${fixed(((hue % 360) + 360) % 360)},${fixed(saturation)}%,${fixed(lightness)}%)`;

export const randomColour = (rng: Rng, lightness: readonly [number, number]): Colour => ({
  hue: between(rng, 0, 360),
  saturation: between(rng, 20, 85),
  lightness: between(rng, ...lightness),
});

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const pathOf = (points: readonly Point[]): string =>
  `M${points.map(({ x, y }) => `${fixed(x)} ${fixed(y)}`).join('L')}Z`;
