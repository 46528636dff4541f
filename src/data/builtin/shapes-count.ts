// shapes/count: how many things stand on the floor, as VTAB's Clevr/count asks.
import { drawnSet } from './builtin-set.ts';
import { place, stageFor, type Thing, tabletopDrawing } from './tabletop.ts';

const fewest = 3;
const most = 10;

export const shapesCount = drawnSet({
  name: 'shapes/count',
  group: 'Structured',
  version: 1,
  summary: 'number of solids on a floor, 3 to 10 (as CLEVR)',
  definition:
    'Balls, cubes and cylinders of two sizes and eight colours on a floor, with shadows. The label is their number, 3 to 10. Places, shapes, sizes, colours, lamp, floor and the camera vary; things may hide a part of each other, never all.',
  classes: Array.from({ length: most - fewest + 1 }, (_, k) => `things-${String(fewest + k).padStart(2, '0')}`),
  draw(label, rng) {
    // A floor on which the last ones find no room is cleared and laid anew.
    for (;;) {
      const stage = stageFor(rng);
      const things: Thing[] = [];
      for (let i = 0; i < fewest + label; i++) {
        const thing = place(rng, stage, things, () => true);
        if (!thing) break;
        things.push(thing);
      }
      if (things.length === fewest + label) return tabletopDrawing(rng, stage, things);
    }
  },
});
