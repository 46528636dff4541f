// shapes/distance: how far the nearest thing on the floor is, as VTAB's Clevr/closest-object-distance asks.
import { drawnSet } from './builtin-set.ts';
import { inBin } from './sprites.ts';
import { distanceTo, place, stageFor, type Thing, tabletopDrawing } from './tabletop.ts';

const bins = 6;
/** Floor units: from the front edge of the floor to where the others still find room behind. */
const [nearest, farthest] = [6.8, 11.6];
/** The others are at least this much farther, so that the nearest is never in doubt. */
const lead = 0.3;

export const shapesDistance = drawnSet({
  name: 'shapes/distance',
  group: 'Structured',
  version: 1,
  summary: 'distance of the nearest solid on a floor in 6 steps (as CLEVR)',
  definition:
    'Three to six balls, cubes and cylinders of two sizes and eight colours on a floor, with shadows. The label is the distance from the camera to the nearest, in six equal steps from 6.8 to 11.6 (small things are 0.84 wide). Number, places, shapes, sizes, colours, lamp, floor and the camera vary.',
  classes: Array.from({ length: bins }, (_, k) => `step-${k + 1}`),
  draw(label, rng) {
    for (;;) {
      const stage = stageFor(rng);
      const goal = inBin(rng, label, bins, nearest, farthest);
      const tolerance = (0.15 * (farthest - nearest)) / bins;
      const first = place(rng, stage, [], (thing) => Math.abs(distanceTo(stage, thing) - goal) < tolerance);
      if (!first) continue;
      const things: Thing[] = [first];
      const others = 2 + rng.below(4);
      for (let i = 0; i < others; i++) {
        const thing = place(rng, stage, things, (t) => distanceTo(stage, t) > distanceTo(stage, first) + lead);
        if (!thing) break;
        things.push(thing);
      }
      if (things.length === 1 + others) return tabletopDrawing(rng, stage, things);
    }
  },
});
