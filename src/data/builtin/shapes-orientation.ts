// shapes/orientation: how a sprite is turned, as VTAB's dSprites/orientation asks. dSprites' squares and ellipses look the
// same after a half turn, so some of its labels can't be known; only sprites without such a symmetry are used here.
import { drawnSet } from './builtin-set.ts';
import { directedSprites, inBin, spriteDrawing } from './sprites.ts';
import { between, pick, side } from './svg.ts';

const bins = 16;
const margin = 24;
const shapes = Object.values(directedSprites);

export const shapesOrientation = drawnSet({
  name: 'shapes/orientation',
  group: 'Structured',
  version: 1,
  summary: 'turn of a sprite in 16 steps of 22.5 degrees (as dSprites)',
  definition:
    'One filled sprite without rotational symmetry (heart, drop, angle or pawn) on a blotched ground with thin outlines. The label is the sixteenth of the full circle, clockwise from upright, that holds its turn. Place, size, shape and all colours vary.',
  classes: Array.from({ length: bins }, (_, k) => `turn-${String(k + 1).padStart(2, '0')}`),
  draw(label, rng) {
    const turn = inBin(rng, label, bins, 0, 360);
    const place = {
      x: between(rng, margin, side - margin),
      y: between(rng, margin, side - margin),
      turn,
      radius: between(rng, 12, 22),
    };
    return spriteDrawing(rng, pick(rng, shapes), place);
  },
});
