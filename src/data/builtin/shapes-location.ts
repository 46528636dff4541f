// shapes/location: where a sprite is, as VTAB's dSprites/location asks.
import { drawnSet } from './builtin-set.ts';
import { directedSprites, inBin, spriteDrawing, symmetricSprites } from './sprites.ts';
import { between, pick, side } from './svg.ts';

const bins = 16;
/** Sprites of up to 14 units stay whole inside the frame. */
const margin = 16;
const shapes = Object.values({ ...symmetricSprites, ...directedSprites });

export const shapesLocation = drawnSet({
  name: 'shapes/location',
  group: 'Structured',
  version: 1,
  summary: 'horizontal place of a sprite, 16 columns (as dSprites)',
  definition:
    "One filled sprite (square, ellipse, triangle, heart, drop, angle or pawn) on a blotched ground with thin outlines. The label is the column of 16, from left to right, that holds the sprite's centre. Height, size, turn, shape and all colours vary.",
  classes: Array.from({ length: bins }, (_, k) => `column-${String(k + 1).padStart(2, '0')}`),
  draw(label, rng) {
    const x = inBin(rng, label, bins, margin, side - margin);
    const place = {
      x,
      y: between(rng, margin, side - margin),
      turn: between(rng, 0, 360),
      radius: between(rng, 7, 14),
    };
    return spriteDrawing(rng, pick(rng, shapes), place);
  },
});
